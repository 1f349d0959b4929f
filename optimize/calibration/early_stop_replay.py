"""Stopping early on recorded votes: the rules of a live round, fed with its votes one by one."""

from dataclasses import dataclass

import numpy as np

from ...programs.confidence.early_stopping import Rule
from ...programs.confidence.vote_count import VoteCount
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array


@dataclass(frozen=True)
class EarlyStopResult:
    """What a round decides when it stops early, by question.

    Attributes:
        num_samples: samples drawn.
        leader: the place, in the order of asking, of the sample whose answer leads; -1 for none.
        accepted: whether the gate takes it, by its share of the samples drawn. Where the exact rule stops, the share of all
            samples of the round decides likewise.
    """

    num_samples: Array
    leader: Array
    accepted: Array


def replay_early_stop(
    rule: Rule,
    votes: Array,
    threshold: float | None,
    planned: Array | None = None,
    forwards_plan: bool = False,
) -> EarlyStopResult:
    """Draw a round's votes until a rule stops.

    Args:
        rule: one of `programs.early_stop`.
        votes: (questions, samples) in the order in which they are asked; equal numbers are equal votes, -1 is none.
        threshold: of the round's gate.
        planned: which samples have a plan that could be handed on; none has when it is left out.
        forwards_plan: whether a plan is handed on.
    """
    samples = votes.shape[1]
    plans = np.zeros(votes.shape, bool) if planned is None else planned
    # Votes by where they were given first: questions that vote alike are then one, and are counted once.
    first = (votes[:, :, None] == votes[:, None, :]).argmax(axis=2)
    alike, place = np.unique(
        np.hstack([np.where(votes < 0, -1, first), plans]), axis=0, return_inverse=True
    )
    found = np.array(
        [
            _one(rule, row[:samples], row[samples:], threshold, forwards_plan)
            for row in alike.tolist()
        ]
    )
    asked, leader, most = found.reshape(-1, 3)[place.reshape(-1)].T
    accepted = (leader >= 0) & (
        most / asked >= (0.0 if threshold is None else threshold - FLOAT_TOLERANCE)
    )
    return EarlyStopResult(asked, leader, accepted)


def _one(
    rule: Rule, votes: list[int], planned: list[int], threshold: float | None, forwards_plan: bool
) -> list[int]:
    """Samples drawn, the sample that opened the leading vote (-1 for none), and that vote's supporters."""
    count, numbers = VoteCount(len(votes)), dict[int, int]()
    for rank, vote in enumerate(votes):
        count.add(
            rank, None if vote < 0 else numbers.setdefault(vote, len(numbers)), bool(planned[rank])
        )
        if rule(count, threshold, forwards_plan):
            break
    leader = count.leader
    return [len(count.drawn), -1 if leader is None else count.voters[leader][0], count.top_two[0]]
