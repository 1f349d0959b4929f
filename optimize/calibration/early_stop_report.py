"""Early stops compared on the samples of a record: what each rule saves, and which decisions it changes."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import Replay
from ...programs.confidence.early_stopping import NONE, RULES
from ...util.arrays import Array
from .early_stop_replay import EarlyStopResult, replay_early_stop

_ORDERS = 10  # in which the samples of a question may come in


@dataclass(frozen=True)
class EarlyStopRow:
    """One rule in one round, over all questions and several orders of their samples.

    Attributes:
        round: from 1.
        rule: its name.
        threshold: of the round's gate; None for a last round.
        drawn: samples drawn, on average.
        saved: share of all samples that are not drawn.
        changed: share of the decisions that are other than with all samples; it is the sum of the next three.
        accepted: share that is accepted and was not.
        escalated: share that is escalated and was not.
        another: share with another answer accepted.
        wrong: share of all questions with a wrong answer accepted; None where some have no right answer.
    """

    round: int
    rule: str
    threshold: float | None
    drawn: float
    saved: float
    changed: float
    accepted: float
    escalated: float
    another: float
    wrong: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare_early_stops(replay: Replay, seed: int = 0) -> list[EarlyStopRow]:
    """Compare the rules in every round that votes on several samples, on all questions, as if each got there.

    A decision is whether the gate accepts and, where it does, the answer. Samples come in one by one, in orders drawn at
    random: a cascade that asks all of them at once saves less, whatever the rule.

    Args:
        replay: the cascade with its thresholds and samples.
        seed: of the orders.
    """
    return [row for number in range(len(replay.rounds)) for row in _round(replay, number, seed)]


def _round(replay: Replay, number: int, seed: int) -> Iterator[EarlyStopRow]:
    round_ = replay.rounds[number]
    recorded, spec = round_.recorded, round_.spec
    if recorded is None or spec.samples < 2:
        return
    if not all(confidence.counts_votes for confidence in recorded.confidences):
        return
    rows = np.repeat(np.flatnonzero(round_.known), _ORDERS)
    places = np.tile(np.arange(spec.samples), (len(rows), 1))
    order = np.random.default_rng(seed).permuted(places, axis=1)
    votes, scores, planned = (
        np.take_along_axis(array[rows, : spec.samples], order, axis=1)
        for array in (recorded.votes, recorded.scores, recorded.plans.astype(bool))
    )
    forwards_plan = replay.preset.forwards_plan(round_.number) and spec.plans > 1
    whole = replay_early_stop(RULES[NONE], votes, spec.threshold, planned, forwards_plan)
    for name, rule in RULES.items():
        found = replay_early_stop(rule, votes, spec.threshold, planned, forwards_plan)
        yield _row(round_.number, name, spec.threshold, whole, found, votes, scores)


def _row(
    number: int,
    name: str,
    threshold: float | None,
    whole: EarlyStopResult,
    found: EarlyStopResult,
    votes: Array,
    scores: Array,
) -> EarlyStopRow:
    rows, drawn = np.arange(len(votes)), float(found.num_samples.mean())
    accepted = float((found.accepted & ~whole.accepted).mean())
    escalated = float((whole.accepted & ~found.accepted).mean())
    other = votes[rows, found.leader] != votes[rows, whole.leader]
    another = float((found.accepted & whole.accepted & other).mean())
    wrong = (
        None
        if np.isnan(scores).any()
        else float((found.accepted & (scores[rows, found.leader] < 1.0)).mean())
    )
    saved, changed = 1 - drawn / votes.shape[1], accepted + escalated + another
    return EarlyStopRow(
        number, name, threshold, drawn, saved, changed, accepted, escalated, another, wrong
    )
