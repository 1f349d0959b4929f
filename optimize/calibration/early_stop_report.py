"""Compare early-stop rules on the samples of a record: what each saves, and what it changes."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import Replay
from ...programs.confidence.early_stopping import NONE, RULES
from ...util.arrays import Array
from .early_stop_replay import EarlyStopResult, replay_early_stop

_ORDERS = 10  # random orders of each question's samples


@dataclass(frozen=True)
class EarlyStopRow:
    """One rule in one round, over all questions and several orders of their samples.

    The names of the attributes are keys of files.

    Attributes:
        round: the round's number, from 1.
        rule: the rule's name.
        threshold: the threshold of the round's gate; None for a last round.
        drawn: the mean number of samples drawn.
        saved: the share of all samples that are not drawn.
        changed: the share of decisions that differ from those with all samples; the sum of the next
            three.
        accepted: the share that is accepted only with the rule.
        escalated: the share that is escalated only with the rule.
        another: the share that is accepted with another answer.
        wrong: the share of all questions that is accepted with a wrong answer; None when some have
            no right answer.
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
    """Compare the rules in every round that votes, as if all questions reached it.

    A decision is whether the gate accepts and, if so, the answer. Samples arrive one by one, in
    random orders. A cascade that requests all samples at once saves less, whatever the rule.

    Args:
        replay: the cascade with its thresholds and samples.
        seed: the seed of the orders.
    """
    rows = []
    for number in range(len(replay.rounds)):
        rows += _compare_in_round(replay, number, seed)
    return rows


def _compare_in_round(replay: Replay, number: int, seed: int) -> list[EarlyStopRow]:
    round_ = replay.rounds[number]
    recorded, spec = round_.recorded, round_.spec
    if recorded is None or spec.samples < 2:
        return []
    if not all(confidence.counts_votes for confidence in recorded.confidences):
        return []
    questions = np.repeat(np.flatnonzero(round_.known), _ORDERS)
    positions = np.tile(np.arange(spec.samples), (len(questions), 1))
    order = np.random.default_rng(seed).permuted(positions, axis=1)

    def in_order(samples: Array) -> Array:
        return np.take_along_axis(samples[questions, : spec.samples], order, axis=1)

    votes, scores = in_order(recorded.votes), in_order(recorded.scores)
    planned = in_order(recorded.plans.astype(bool))
    forwards_plan = replay.preset.forwards_plan(round_.number) and spec.plans > 1
    results = {}
    for name, rule in RULES.items():
        results[name] = replay_early_stop(rule, votes, spec.threshold, planned, forwards_plan)
    rows = []
    for name, result in results.items():
        shares = _compare(result, results[NONE], votes, scores)
        rows.append(EarlyStopRow(round_.number, name, spec.threshold, **shares))
    return rows


def _compare(
    result: EarlyStopResult, full: EarlyStopResult, votes: Array, scores: Array
) -> dict[str, Any]:
    """Return the figures of a rule, in comparison with all samples."""
    rows = np.arange(len(votes))
    drawn = float(result.num_samples.mean())
    accepted = float((result.accepted & ~full.accepted).mean())
    escalated = float((full.accepted & ~result.accepted).mean())
    other = votes[rows, result.leader] != votes[rows, full.leader]
    another = float((result.accepted & full.accepted & other).mean())
    wrong = None
    if not np.isnan(scores).any():
        wrong = float((result.accepted & (scores[rows, result.leader] < 1.0)).mean())
    return {
        "drawn": drawn,
        "saved": 1 - drawn / votes.shape[1],
        "changed": accepted + escalated + another,
        "accepted": accepted,
        "escalated": escalated,
        "another": another,
        "wrong": wrong,
    }
