"""The rounds of an answer, as the tool `explain` returns them."""

from ...programs import Cascade
from ...programs.events import Planned, RoundDecided, RoundStarted, SampleCounted
from ...programs.round_text import describe_round
from ..answered import AnsweredQuestion
from .results import ExplainedRound, Explanation


def explain(id_: str, answered: AnsweredQuestion, cascade: Cascade) -> Explanation:
    """Return how an answer was found.

    Args:
        id_: the id of the answer.
        answered: the answer.
        cascade: the program that gave it.
    """
    rounds: list[ExplainedRound] = []
    for event in answered.events:
        match event:
            case RoundStarted():
                text = describe_round(cascade.preset, event.round, cascade.domain)
                rounds.append(
                    ExplainedRound(round=event.round, description=text, plans=[], votes={})
                )
            case Planned():
                rounds[-1].plans.append(event.plan)
            case SampleCounted():
                rounds[-1].unread += event.answer is None
            case RoundDecided():
                decided = rounds[-1]
                decided.votes = dict(event.votes)
                decided.answer, decided.confidence = event.answer, event.confidence
                decided.threshold, decided.accepted = event.threshold, event.accepted
                decided.reason = event.reason
            case _:
                pass
    return Explanation(
        id=id_, question=answered.question.text, answer=answered.answer, rounds=rounds
    )
