"""Replay early stopping on recorded votes, with the rules of a live round."""

from dataclasses import dataclass

import numpy as np

from ...programs.confidence.early_stopping import Rule
from ...programs.confidence.vote_count import VoteCount
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array


@dataclass(frozen=True)
class EarlyStopResult:
    """The decisions of a round that stops early, by question.

    Attributes:
        num_samples: samples drawn.
        leader: the position, in the order of drawing, of the sample whose answer leads; -1 for
            none.
        accepted: whether the gate accepts, by the leader's share of the drawn samples. Where the
            exact rule stops, the share of all samples of the round decides alike.
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
        rule: a rule of `programs.confidence.early_stopping`.
        votes: (questions, samples) in the order of drawing; equal numbers are equal votes, -1 is no
            vote.
        threshold: the threshold of the round's gate.
        planned: (questions, samples) whether a sample has a plan that could be forwarded; None
            means that no sample has one.
        forwards_plan: whether the round forwards a plan.
    """
    samples = votes.shape[1]
    plans = np.zeros(votes.shape, bool) if planned is None else planned
    # Each vote as the position of its first occurrence: questions that vote alike become equal
    # rows, and are counted once.
    first = (votes[:, :, None] == votes[:, None, :]).argmax(axis=2)
    rows = np.hstack([np.where(votes < 0, -1, first), plans])
    distinct, question = np.unique(rows, axis=0, return_inverse=True)
    counts = []
    for row in distinct.tolist():
        counts.append(_count(rule, row[:samples], row[samples:], threshold, forwards_plan))
    drawn, leader, supporters = np.array(counts).reshape(-1, 3)[question.reshape(-1)].T
    needed = 0.0 if threshold is None else threshold - FLOAT_TOLERANCE
    accepted = (leader >= 0) & (supporters / drawn >= needed)
    return EarlyStopResult(drawn, leader, accepted)


def _count(
    rule: Rule, votes: list[int], planned: list[int], threshold: float | None, forwards_plan: bool
) -> tuple[int, int, int]:
    """Return the number of samples, the first one of the leading vote (or -1), its supporters."""
    count, numbers = VoteCount(len(votes)), dict[int, int]()
    for position, vote in enumerate(votes):
        number = None if vote < 0 else numbers.setdefault(vote, len(numbers))
        count.add(position, number, bool(planned[position]))
        if rule(count, threshold, forwards_plan):
            break
    first = -1 if count.leader is None else count.voters[count.leader][0]
    return len(count.drawn), first, count.top_two[0]
