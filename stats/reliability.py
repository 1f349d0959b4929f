"""Compare confidence with accuracy: calibration error and Brier score, before and after
recalibration.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..util.arrays import Array
from .clustered import clustered_wilson
from .tolerance import FLOAT_TOLERANCE

NUM_FOLDS = 2


@dataclass(frozen=True)
class ReliabilityBin:
    """Questions with the same confidence in a round.

    Attributes:
        confidence: 0 to 1; 0 where no answer could be read.
        questions: how many.
        right: of these, how many the round's answer is right on.
        interval: 95% Wilson interval of that share, over the independent questions that these are
            worth.
        recalibrated: mean of the recalibrated confidence there.
        accepted: whether the gate takes it; None in a round without one.
    """

    confidence: float
    questions: int
    right: int
    interval: tuple[float, float]
    recalibrated: float
    accepted: bool | None


@dataclass(frozen=True)
class Reliability:
    """The reliability of one round's confidence.

    Attributes:
        round: from 1.
        population: the questions: `all`, or `reaching` for those that the gates before let through.
        questions: how many.
        levels: by confidence, highest first.
        error: expected calibration error: mean distance of confidence and accuracy over the levels,
            weighted by questions.
        recalibrated_error: the same after recalibration. Both are taken within each fold, and so is
            the next: over all folds together, what a fold's fit learned from the others would
            average out to no error at all.
        error_by_chance: the error expected of a perfect confidence with so few questions.
        brier: mean squared distance of confidence and outcome, before and after.
    """

    round: int
    population: str
    questions: int
    levels: tuple[ReliabilityBin, ...]
    error: float
    recalibrated_error: float
    error_by_chance: float
    brier: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data. Its keys `who` and `chance` are those of earlier documents."""
        document = asdict(self)
        document["who"] = document.pop("population")
        document["chance"] = document.pop("error_by_chance")
        return document


def measure_reliability(
    round_number: int,
    population: str,
    confidence: Array,
    right: Array,
    units: Array,
    threshold: float | None,
    seed: int = 0,
) -> Reliability:
    """Return the reliability of one round's confidence.

    Args:
        round_number: the round.
        population: the questions, in a word.
        confidence: (questions,), 0 to 1.
        right: (questions,) of bool.
        units: (questions,) name of what each belongs to, such as its group: questions of one are
            recalibrated together.
        threshold: of the round's gate; None where it has none.
        seed: of the folds.
    """
    folds = assign_folds(units, seed)
    after = cross_fitted_isotonic(confidence, right, folds)
    values, level = np.unique(confidence, return_inverse=True)
    count = np.bincount(level)
    hits, mapped = (np.bincount(level, weights=array) for array in (right, after))
    levels = tuple(
        ReliabilityBin(
            float(values[i]),
            int(count[i]),
            int(hits[i]),
            clustered_wilson(right[level == i].astype(float), units[level == i]),
            float(mapped[i] / count[i]),
            None if threshold is None else bool(values[i] >= threshold - FLOAT_TOLERANCE),
        )
        for i in reversed(range(len(values)))
    )
    before, corrected = (_calibration_error(p, right, level, folds) for p in (confidence, after))
    return Reliability(
        round_number,
        population,
        len(right),
        levels,
        before,
        corrected,
        _error_by_chance(hits / count, level, folds),
        (float(np.mean((confidence - right) ** 2)), float(np.mean((after - right) ** 2))),
    )


def _calibration_error(p: Array, right: Array, level: Array, folds: Array) -> float:
    cells = np.unique(np.stack([level, folds]), axis=1, return_inverse=True)[1].reshape(-1)
    return float(np.abs(np.bincount(cells, weights=p - right)).sum() / len(right))


def _error_by_chance(accuracy: Array, level: Array, folds: Array) -> float:
    """Return the calibration error expected by chance.

    It is the mean absolute deviation of a binomial share, sqrt(2 p (1 - p) / (pi n)), over the
    levels of each fold.
    """
    (levels, _), count = np.unique(np.stack([level, folds]), axis=1, return_counts=True)
    spread = accuracy[levels] * (1 - accuracy[levels])
    return float((count * np.sqrt(2 * spread / (np.pi * count))).sum() / count.sum())


def cross_fitted_isotonic(confidence: Array, right: Array, folds: Array) -> Array:
    """Return confidence recalibrated by isotonic regression, fitted on the other folds.

    SciPy's regression is scikit-learn's without the seconds that its import takes. The fit is
    interpolated linearly between its levels, and constant beyond them.

    Args:
        confidence: (questions,).
        right: (questions,) of bool.
        folds: (questions,) number of each question's fold.

    >>> cross_fitted_isotonic(np.array([0.5, 1.0] * 4), np.array([False, True] * 4), np.arange(8) // 4).tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    """
    from scipy.optimize import isotonic_regression

    after = np.empty(len(confidence))
    for fold in np.unique(folds):
        here = folds == fold
        others = ~here if not here.all() else here  # a single fold has no others
        values, level = np.unique(confidence[others], return_inverse=True)
        count = np.bincount(level)
        fit = isotonic_regression(
            np.bincount(level, weights=right[others]) / count, weights=count
        ).x
        after[here] = np.interp(confidence[here], values, fit)
    return after


def assign_folds(units: Sequence[str] | Array, seed: int = 0) -> Array:
    """Return each question's fold, drawn by its unit, so that the questions of a unit share a fold."""
    names, unit = np.unique(units, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % NUM_FOLDS)[unit]
