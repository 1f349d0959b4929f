"""Whether the rounds that read a game as turns have solved games to learn the actions from."""

from ..cascade import Cascade
from ..predictor_name import PredictorName


def missing_games(program: Cascade) -> str | None:
    """Return which round of a program reads turns without solved games before them; None for none.

    Turns show no list of possible actions, so that only solved games show how one is written.

    >>> from cope import Cascade, Team
    >>> print(missing_games(Cascade("cope-react", Team(), domain="agent")))
    None
    """
    for round_ in program.rounds():
        if round_.spec.history != "turns" or round_.reasoner.predict.demos:
            continue
        if str(PredictorName(round_.number, "reasoner")) not in program.knn_demos:
            return (
                f"round {round_.number} of {program.name} reads a game as turns, which list no "
                "possible actions, and has no solved games that show how an action is written: "
                "cope compile TASK --optimizer knn-few-shot adds them"
            )
    return None
