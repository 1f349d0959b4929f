"""Losses of a cascade against the last tier alone, by question and round, and what they use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...eval.judging.recording import JUDGED_BY
from ...eval.replay.match import recorded_identity, single_tier_program
from ...models import Price
from ...stats.measures import MEASURES
from ...util.arrays import Array


def last_tier_alone(record: Recording, prices: Mapping[str, Price] | None = None) -> Replay:
    """Replay the last tier of the record's primary program alone.

    Raises:
        CopeError: when the record does not hold its answers.
    """
    last = recorded_identity(record, next(iter(record.programs))).preset.last_tier
    replay = Replay(record, single_tier_program(record, last), prices=prices)
    if not replay.known.all():
        raise CopeError(
            f"{record.name} lacks the answers of the {last} model alone, which harm is measured "
            f"against: record them too, with cope record --also {last}"
        )
    return replay


def cumulative_use(replay: Replay, measure: str) -> Array:
    """Return (questions, rounds): the use of a question that the round answers."""
    use = MEASURES[measure].total(replay.usage, replay.tiers, replay.last_tier)
    return np.cumsum(use, axis=1)


def harm(cascade: Replay, baseline: Replay) -> Array:
    """Return (questions, rounds) of 0 and 1.

    1 where the round's answer is wrong and the last tier alone is right.
    """
    right = baseline.scores[:, -1] >= 1.0
    return ((cascade.scores < 1.0) & right[:, None]).astype(float)


def judged_worse(cascade: Replay, baseline: Replay) -> Array:
    """Return (questions, rounds) of 0 and 1: 1 where a judge finds the answer worse.

    It is compared with that of the last tier alone, see `cope.eval.judging.recording`.

    Raises:
        CopeError: when no judge has scored the record.
    """
    if JUDGED_BY not in cascade.recording.manifest.settings:
        raise CopeError(
            f"no judge has scored {cascade.recording.name}: make a judged record with cope judge"
        )
    return harm(cascade, baseline)


def disagreement(cascade: Replay, baseline: Replay) -> Array:
    """Return (questions, rounds) of 0 and 1: 1 where the round's answer is not the last tier's own.

    It needs no labels. Harm implies disagreement, so a guarantee on disagreement holds for harm.
    A missing answer agrees with nothing.
    """
    expected = _votes(baseline)[:, -1]
    return ((_votes(cascade) != expected[:, None]) | (expected < 0)[:, None]).astype(float)


def _votes(replay: Replay) -> Array:
    """Return (questions, rounds) of int: the vote of each round's answer; -1 for none."""
    columns = []
    for round_ in replay.rounds:
        votes = np.full(len(replay), -1)
        if round_.recorded is not None and round_.verdict is not None:
            if not all(one.labels_are_answers for one in round_.recorded.confidences):
                raise CopeError(
                    "programs are not compared as short answers are, so disagreement says nothing "
                    "of them: take --loss harm"
                )
            answered = np.flatnonzero(round_.verdict.leader >= 0)
            votes[answered] = round_.recorded.votes[answered, round_.verdict.leader[answered]]
        columns.append(votes)
    return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Loss:
    """A kind of loss.

    Attributes:
        by_round: returns the loss of each question and round, from the cascade and the last tier
            alone.
        description: what the cascade does when a question is lost; `{last}` is the last tier.
    """

    by_round: Callable[[Replay, Replay], Array]
    description: str

    def __call__(self, cascade: Replay, baseline: Replay) -> Array:
        return self.by_round(cascade, baseline)


LOSSES = {
    "harm": Loss(harm, "is wrong where the {last} model alone is right"),
    "judged-worse": Loss(judged_worse, "is judged worse than the {last} model alone"),
    "disagreement": Loss(disagreement, "gives another answer than the {last} model alone"),
}
