"""The two halves of a record: one to choose the order by, one to test on. What belongs together is never torn apart."""

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
        rows: their places.
        weights: (rows,) what each counts: 1, or its share of its group, so that a group counts as one.
        units: independent units: questions, or groups.
        unit: (rows,) number of the unit that each belongs to.
    """

    rows: Array
    weights: Array
    units: int
    unit: Array


@dataclass(frozen=True)
class CalibrationSplit:
    """A record in two.

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
    """Split questions in two, at random, all of a group on the same side.

    The split depends on the names and the seed alone, not on the order of the rows.

    Args:
        keys: a name of its own for each question.
        groups: questions with the same value belong together; None is a question by itself.
        seed: of the shuffle.
        rows: places of the questions to split; all when None. A group counts as those of it that are here.

    >>> halves = split_in_half(["a", "b", "c", "d"], ["x", "x", None, None])
    >>> halves.learn.units + halves.test.units, halves.grouped
    (3, True)
    """
    places = np.arange(len(keys)) if rows is None else np.asarray(rows)
    units, unit, sizes = np.unique(
        unit_labels(keys, groups)[places], return_inverse=True, return_counts=True
    )
    shuffled = list(range(len(units)))
    random.Random(derive_seed(seed, "halves")).shuffle(shuffled)
    side = np.zeros(len(units), dtype=bool)
    side[shuffled[len(units) // 2 :]] = True  # the odd one out is tested on
    halves = []
    for testing in (False, True):
        here = side[unit] == testing
        halves.append(
            SplitHalf(
                places[here], 1.0 / sizes[unit[here]], int((side == testing).sum()), unit[here]
            )
        )
    return CalibrationSplit(*halves, grouped=bool((sizes > 1).any()))


def unit_labels(keys: Sequence[str], groups: Sequence[str | None] | None) -> Array:
    """(questions,) of str: the same for all of a group, and a name of its own for a question without one."""
    together = groups or [None] * len(keys)
    return np.array(
        [
            f"question {k}" if g is None else f"group {g}"
            for k, g in zip(keys, together, strict=True)
        ],
        object,
    )
