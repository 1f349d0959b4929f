"""What a wrong decision is, question by question and round by round, against the last tier alone."""

from collections.abc import Callable, Mapping

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...eval.replay.match import recorded_identity, single_tier_program
from ...models import Price
from ...util.arrays import Array


def last_tier_alone(record: Recording, prices: Mapping[str, Price] | None = None) -> Replay:
    """Replay the last tier of the record's own program alone on the record's questions.

    Raises:
        CopeError: when the record does not hold its answers.
    """
    last = recorded_identity(record, next(iter(record.programs))).preset.last_tier
    replay = Replay(record, single_tier_program(record, last), prices=prices)
    if not replay.known.all():
        raise CopeError(
            f"{record.name} lacks the answers of the {last} model alone, which harm is measured against: "
            f"record them beside, with cope record --also {last}"
        )
    return replay


def harm(cascade: Replay, large: Replay) -> Array:
    """(questions, rounds) of 0 and 1: the round's answer is wrong where the last tier alone is right."""
    right = large.scores[:, -1] >= 1.0
    return ((cascade.scores < 1.0) & right[:, None]).astype(float)


def disagreement(cascade: Replay, large: Replay) -> Array:
    """(questions, rounds) of 0 and 1: the round's answer is another than the last tier's own. It needs no labels.

    Harm is disagreement too, so a promise on the one holds for the other. No answer agrees with nothing.
    """
    theirs = _votes(large)[:, -1]
    return ((_votes(cascade) != theirs[:, None]) | (theirs < 0)[:, None]).astype(float)


def _votes(replay: Replay) -> Array:
    """(questions, rounds) of int: the vote of each round's answer; -1 for none."""
    columns = []
    for round_ in replay.rounds:
        votes = np.full(len(replay), -1)
        if round_.recorded is not None and round_.verdict is not None:
            if not all(one.labels_are_answers for one in round_.recorded.confidences):
                raise CopeError(
                    "programs are not compared as short answers are, so disagreement says nothing of them: take --loss harm"
                )
            there = np.flatnonzero(round_.verdict.leader >= 0)
            votes[there] = round_.recorded.votes[there, round_.verdict.leader[there]]
        columns.append(votes)
    return np.stack(columns, axis=1)


LOSSES: dict[str, tuple[Callable[[Replay, Replay], Array], str]] = {
    "harm": (harm, "is wrong where the {last} model alone is right"),
    "disagreement": (disagreement, "gives another answer than the {last} model alone"),
}
"""By name: the loss, and in words what the cascade does then; `{last}` stands for the last tier."""
