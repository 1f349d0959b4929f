"""Compare confidence with accuracy: calibration error and Brier score, also recalibrated."""

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
        confidence: 0 to 1; 0 where no answer could be parsed.
        questions: the number of questions.
        right: the number of questions that the round answers correctly.
        interval: the 95% Wilson interval of the accuracy, at the effective number of questions.
        recalibrated: the mean of the recalibrated confidence.
        accepted: whether the gate accepts this confidence; None in a round without a gate.
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
        round: the round, from 1.
        population: the questions: `all`, or `reaching` for those that earlier gates did not accept.
        questions: the number of questions.
        levels: one bin per confidence, highest first.
        error: the expected calibration error: the mean distance of confidence and accuracy over the
            bins, weighted by questions.
        recalibrated_error: the same after recalibration. This, `error` and `error_by_chance` are
            computed within each fold: over all folds together, what a fold's fit learned from the
            others would average out to no error at all.
        error_by_chance: the expected error of a perfect confidence with this number of questions.
        brier: the mean squared distance of confidence and outcome, before and after
            recalibration.
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
        round_number: the round, from 1.
        population: a word for the questions; see `Reliability`.
        confidence: (questions,), 0 to 1.
        right: (questions,) of bool.
        units: (questions,) the name of each question's group; the questions of a group share a
            fold.
        threshold: the threshold of the round's gate; None without a gate.
        seed: the seed of the folds.
    """
    folds = assign_folds(units, seed)
    after = cross_fitted_isotonic(confidence, right, folds)
    values, level = np.unique(confidence, return_inverse=True)
    count = np.bincount(level)
    hits = np.bincount(level, weights=right)
    recalibrated = np.bincount(level, weights=after)
    bins: list[ReliabilityBin] = []
    for i in reversed(range(len(values))):
        accepted = None
        if threshold is not None:
            accepted = bool(values[i] >= threshold - FLOAT_TOLERANCE)
        bins.append(
            ReliabilityBin(
                confidence=float(values[i]),
                questions=int(count[i]),
                right=int(hits[i]),
                interval=clustered_wilson(right[level == i].astype(float), units[level == i]),
                recalibrated=float(recalibrated[i] / count[i]),
                accepted=accepted,
            )
        )
    return Reliability(
        round=round_number,
        population=population,
        questions=len(right),
        levels=tuple(bins),
        error=_calibration_error(confidence, right, level, folds),
        recalibrated_error=_calibration_error(after, right, level, folds),
        error_by_chance=_error_by_chance(hits / count, level, folds),
        brier=(float(np.mean((confidence - right) ** 2)), float(np.mean((after - right) ** 2))),
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

    SciPy's regression equals scikit-learn's, which takes seconds to import. The fit is interpolated
    linearly between its levels, and constant beyond them.

    Args:
        confidence: (questions,).
        right: (questions,) of bool.
        folds: (questions,) the number of each question's fold.

    >>> confidence, right = np.array([0.5, 1.0] * 4), np.array([False, True] * 4)
    >>> cross_fitted_isotonic(confidence, right, np.arange(8) // 4).tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    """
    from scipy.optimize import isotonic_regression

    after = np.empty(len(confidence))
    for fold in np.unique(folds):
        current = folds == fold
        others = current if current.all() else ~current  # a single fold has no others
        values, level = np.unique(confidence[others], return_inverse=True)
        count = np.bincount(level)
        fit = isotonic_regression(
            np.bincount(level, weights=right[others]) / count, weights=count
        ).x
        after[current] = np.interp(confidence[current], values, fit)
    return after


def assign_folds(units: Sequence[str] | Array, seed: int = 0) -> Array:
    """Return each question's fold, drawn by unit, so that the questions of a unit share a fold."""
    names, unit = np.unique(units, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % NUM_FOLDS)[unit]
