"""Split a record in a half that orders the settings and a half that tests them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...programs.sampling import derive_seed
from ...util.arrays import Array


@dataclass(frozen=True)
class SplitHalf:
    """Some questions of a record.

    Attributes:
        rows: (rows,) the indices of the questions.
        weights: (rows,) 1, or a question's share of its group, so that a group counts as one.
        units: the number of independent units: questions, or groups.
        unit: (rows,) the number of each question's unit.
    """

    rows: Array
    weights: Array
    units: int
    unit: Array


@dataclass(frozen=True)
class CalibrationSplit:
    """A record in two halves.

    Attributes:
        learn: the half on which settings are measured and ordered.
        test: the held-out half.
        grouped: whether some units hold several questions.
    """

    learn: SplitHalf
    test: SplitHalf
    grouped: bool


def split_in_half(
    keys: Sequence[str],
    groups: Sequence[str | None] | None = None,
    seed: int = 0,
    rows: Array | None = None,
) -> CalibrationSplit:
    """Split questions in two halves at random, with each group on one side.

    The split depends on the keys and the seed alone, not on the order of the rows.

    Args:
        keys: a unique key for each question.
        groups: questions with an equal value belong together; None is a question by itself.
        seed: the seed of the shuffle.
        rows: indices of the questions to split; None takes all. A group consists of its questions
            among these.

    >>> halves = split_in_half(["a", "b", "c", "d"], ["x", "x", None, None])
    >>> halves.learn.units + halves.test.units, halves.grouped
    (3, True)
    """
    rows = np.arange(len(keys)) if rows is None else np.asarray(rows)
    labels = unit_labels(keys, groups)[rows]
    units, unit, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    shuffled = list(range(len(units)))
    random.Random(derive_seed(seed, "halves")).shuffle(shuffled)
    tested = np.zeros(len(units), dtype=bool)
    tested[shuffled[len(units) // 2 :]] = True  # of an odd number one more is tested

    def half(is_test: bool) -> SplitHalf:
        inside = tested[unit] == is_test
        num_units = int((tested == is_test).sum())
        return SplitHalf(rows[inside], 1.0 / sizes[unit[inside]], num_units, unit[inside])

    return CalibrationSplit(half(False), half(True), grouped=bool((sizes > 1).any()))


def unit_labels(keys: Sequence[str], groups: Sequence[str | None] | None) -> Array:
    """Return (questions,) of str: one label for all of a group, a unique one without a group."""
    labels = [f"question {key}" for key in keys]
    if groups:
        for row, group in enumerate(groups):
            if group is not None:
                labels[row] = f"group {group}"
    return np.array(labels, object)
