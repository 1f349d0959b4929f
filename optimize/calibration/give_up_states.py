"""Find the states of a round in which more samples cost more than they are worth.

A state is a node of a tree of draws. After one more sample, which costs `c`, the round accepts an
answer, or fails, or is in another state. With the share of the record's questions that went each
way, the value of a state is that of the best thing to do in it (dynamic programming, from the last
sample back):

    V(state) = max(0, -c + share accepted next * W + sum over next states of share * V(next))

The round is left where the second number is below 0. By the rule of succession, two questions are
added to each state, of which one is accepted next, so that a state of few questions is seldom left.
"""

from dataclasses import dataclass

import numpy as np

from ...util.arrays import Array
from .give_up_paths import RoundPaths


@dataclass(frozen=True)
class StateTotals:
    """How many questions go through each state of a round, and where from there.

    Every array is (folds, drawn, leading), or (drawn, leading) of all folds or all but one.

    Attributes:
        questions: those in the state.
        failed: those whose answer the round does not accept in the end.
        accepted: those with an accepted answer one sample later.
        same: those whose leading answer has as many supporters one sample later.
        more: those whose leading answer has one more.
    """

    questions: Array
    failed: Array
    accepted: Array
    same: Array
    more: Array

    def without(self, fold: int | None) -> "StateTotals":
        """Return the totals of the questions of all folds but one; None leaves out none."""
        parts = {}
        for name, one in vars(self).items():
            whole = one.sum(axis=0)
            parts[name] = whole if fold is None else whole - one[fold]
        return StateTotals(**parts)


def count_states(paths: RoundPaths, reached: Array, fold: Array) -> StateTotals:
    """Return how questions go through the states of a round.

    Args:
        paths: the round.
        reached: (questions,) of bool: those that count.
        fold: (questions,): the fold of each question.
    """
    size = len(paths.leading) + 1
    folds = int(fold.max()) + 1
    totals = StateTotals(*np.zeros((5, folds, size, size), dtype=int))
    for drawn in range(1, size - 1):
        inside = np.flatnonzero(reached & (drawn < paths.end))
        leading, following = paths.leading[drawn - 1, inside], paths.leading[drawn, inside]
        state = (fold[inside], np.full(len(inside), drawn), leading)
        ends, accepted = paths.end[inside] == drawn + 1, paths.accepted[inside]
        np.add.at(totals.questions, state, 1)
        np.add.at(totals.failed, state, ~accepted)
        np.add.at(totals.accepted, state, ends & accepted)
        np.add.at(totals.same, state, ~ends & (following == leading))
        np.add.at(totals.more, state, ~ends & (following > leading))
    return totals


def states_to_leave(totals: StateTotals, sample_use: float, worth: float) -> Array:
    """Return (drawn, leading) of bool: the states in which a round is left.

    Args:
        totals: without the axis of folds.
        sample_use: what one more sample costs.
        worth: what an accepted answer is worth.

    >>> counts = np.array([[0, 0], [8, 0], [8, 0], [0, 0]])  # 8 questions, and none is accepted
    >>> never = np.zeros_like(counts)
    >>> totals = StateTotals(counts, counts, never, counts, never)
    >>> states_to_leave(totals, sample_use=1.0, worth=8.0)[:, 0].tolist()
    [False, True, True, False]
    """
    size, width = totals.questions.shape
    value = np.zeros((size + 1, width + 1))
    leaves = np.zeros((size, width), dtype=bool)
    for drawn in range(size - 2, 0, -1):
        gains = (totals.accepted[drawn] + 1) * worth
        gains = gains + totals.same[drawn] * value[drawn + 1, :-1]
        gains = gains + totals.more[drawn] * value[drawn + 1, 1:]
        gain = gains / (totals.questions[drawn] + 2) - sample_use
        leaves[drawn] = (totals.questions[drawn] > 0) & (gain < 0)
        value[drawn, :-1] = np.maximum(gain, 0)
    return leaves


def first_left(paths: RoundPaths, table: Array) -> tuple[Array, Array]:
    """Return (questions,) the samples until a round is left, and whether it is left.

    Args:
        paths: the round.
        table: (drawn, leading) of bool: the states in which it is left.
    """
    drawn = np.arange(1, len(paths.leading) + 1)[:, None]
    leaves = table[drawn, paths.leading] & (drawn < paths.end)
    return np.asarray(leaves.argmax(axis=0)) + 1, np.asarray(leaves.any(axis=0))
