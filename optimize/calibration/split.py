"""Split a record in a half that orders the settings and a half that tests them, or test all."""

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
    """A record in two halves, or all of it as tested.

    Attributes:
        learn: the half on which settings are measured and ordered; empty where all are tested.
        test: the questions that test the settings.
        grouped: whether some units hold several questions.
    """

    learn: SplitHalf
    test: SplitHalf
    grouped: bool

    @property
    def measured(self) -> SplitHalf:
        """The questions on which the use of a setting is measured."""
        return self.learn if self.learn.units else self.test

    @property
    def units(self) -> int:
        """The number of independent units on both sides."""
        return self.learn.units + self.test.units


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
    >>> halves.units, halves.grouped
    (3, True)
    """
    everything = all_for_testing(keys, groups, rows)
    units = everything.units
    shuffled = list(range(units))
    random.Random(derive_seed(seed, "halves")).shuffle(shuffled)
    tested = np.zeros(units, dtype=bool)
    tested[shuffled[units // 2 :]] = True  # of an odd number one more is tested
    learn, test = (_part(everything.test, side) for side in (~tested, tested))
    return CalibrationSplit(learn, test, everything.grouped)


def all_for_testing(
    keys: Sequence[str], groups: Sequence[str | None] | None = None, rows: Array | None = None
) -> CalibrationSplit:
    """Return a split in which all questions are tested; see `split_in_half` for the arguments.

    >>> everything = all_for_testing(["a", "b", "c", "d"], ["x", "x", None, None])
    >>> everything.learn.units, everything.test.units
    (0, 3)
    """
    rows = np.arange(len(keys)) if rows is None else np.asarray(rows)
    labels = unit_labels(keys, groups)[rows]
    units, unit, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    everything = SplitHalf(rows, 1.0 / sizes[unit], len(units), unit)
    nothing = _part(everything, np.zeros(len(units), dtype=bool))
    return CalibrationSplit(nothing, everything, grouped=bool((sizes > 1).any()))


def _part(whole: SplitHalf, units: Array) -> SplitHalf:
    """Return the questions of some units, given by a mask."""
    inside = units[whole.unit]
    return SplitHalf(
        whole.rows[inside], whole.weights[inside], int(units.sum()), whole.unit[inside]
    )


def unit_labels(keys: Sequence[str], groups: Sequence[str | None] | None) -> Array:
    """Return (questions,) of str: one label for all of a group, a unique one without a group."""
    labels = [f"question {key}" for key in keys]
    if groups:
        for row, group in enumerate(groups):
            if group is not None:
                labels[row] = f"group {group}"
    return np.array(labels, object)
