"""Ranks of confidences that have no scale of their own, such as a perplexity."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...util.arrays import Array
from .base import Verdict


class Ranks:
    """The values of one round on other questions, among which a new value is ranked.

    The rank is the share of the questions with a lower value, where an equal value counts half. So
    an answer is accepted at a threshold of 0.4 unless it is among the worst 40%. Without a
    reference the questions are those seen so far, the new one included: then the rank of a question
    depends on which questions came before it, and early ranks are rough.

    Args:
        reference: the values of a record; None ranks among the questions seen so far.

    >>> ranks = Ranks([0.1, 0.2, 0.3, 0.4])
    >>> ranks.rank_of(0.25), ranks.rank_of(0.4)
    (0.5, 0.875)
    """

    def __init__(self, reference: Iterable[float] | None = None) -> None:
        self.from_reference = reference is not None
        self._values = [] if reference is None else sorted(reference)

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._values)

    def add(self, value: float) -> None:
        """Count the value of a question, unless there is a reference."""
        if not self.from_reference:
            insort(self._values, value)

    def rank_of(self, value: float) -> float:
        """Return the share of the values below this one, 0 to 1."""
        if not self._values:
            return 0.5
        below = bisect_left(self._values, value)
        equal = bisect_right(self._values, value) - below
        return (below + equal / 2) / len(self._values)

    def rank(self, verdict: Verdict) -> Verdict:
        """Return a verdict whose confidence is its rank; without an answer it stays 0."""
        if verdict.answer is None:
            return verdict
        self.add(verdict.confidence)
        rank = self.rank_of(verdict.confidence)
        where = "of a record" if self.from_reference else "so far"
        text = f"ranked above {rank:.0%} of {len(self)} questions {where}"
        return replace(verdict, confidence=rank, raw=verdict.confidence, explanation=text)


def ranks_of(values: Array) -> Array:
    """Return the rank of each value among all, as `Ranks` does; NaN has none and stays.

    >>> ranks_of(np.array([0.3, 0.1, 0.1, math.nan])).round(2).tolist()
    [0.83, 0.33, 0.33, nan]
    """
    known = np.sort(values[~np.isnan(values)])
    below = np.searchsorted(known, values, "left")
    equal = np.searchsorted(known, values, "right") - below
    ranks = (below + equal / 2) / max(1, len(known))
    return np.where(np.isnan(values), math.nan, ranks)
