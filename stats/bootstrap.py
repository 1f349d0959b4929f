"""Compute the paired bootstrap: resample questions, or groups of them, for all systems at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy import stats

from ..util.arrays import Array

DRAWS = 10_000
LEVEL = 0.95
_CELLS = 2_000_000  # draws by groups in a block


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval; a bound is infinite when the data give none."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """Return plain data: None for an infinite or undefined number."""
        return {
            name: number if np.isfinite(number) else None for name, number in vars(self).items()
        }

    def scaled(self, factor: float) -> "Estimate":
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Sums:
    """Sums of columns over the questions, and over each bootstrap draw of them.

    Attributes:
        total: by column, over the questions as they are.
        draws: by column, (draws,).
        units: how many questions, or groups of them, were drawn from.
    """

    total: dict[str, float]
    draws: dict[str, Array]
    units: int

    def estimate(self, statistic: Any, level: float = LEVEL) -> Estimate:
        """Return a statistic of the sums, with its interval.

        Args:
            statistic: takes the sums by column, as numbers or as arrays, and gives the statistic.
            level: of the interval.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = {name: np.float64(value) for name, value in self.total.items()}
            return Estimate(
                float(statistic(plain)),
                *percentile_interval(np.asarray(statistic(self.draws)), self.units, level),
            )


def resample(
    columns: Mapping[str, Array], groups: Array | None = None, *, draws: int = DRAWS, seed: int = 0
) -> Sums:
    """Draw as many questions as there are, with replacement; the columns stay paired.

    Where questions are grouped whole groups are drawn (the cluster bootstrap of Davison and Hinkley
    1997, section 3.8), since questions of a group are no independent draws.

    Args:
        columns: by name, (questions,) each.
        groups: (questions,): those with the same value belong together; each for itself when None.
        draws: how many.
        seed: the same questions and seed give the same draws.

    >>> sums = resample({"n": np.ones(4), "right": np.array([1.0, 0.0, 1.0, 1.0])}, draws=100)
    >>> sums.estimate(lambda s: s["right"] / s["n"]).value
    0.75
    """
    names, table = (
        list(columns),
        np.stack([np.asarray(column, dtype=float) for column in columns.values()], axis=1),
    )
    total = dict(zip(names, table.sum(axis=0).tolist(), strict=True))
    if groups is not None:
        labels, index = np.unique(groups, return_inverse=True)
        summed = np.zeros((len(labels), len(names)))
        np.add.at(summed, index, table)
        table = summed
    units, rng = len(table), np.random.default_rng(seed)
    rows = max(1, _CELLS // max(units, 1))
    blocks = [
        _counts(rng, min(rows, draws - start), units).astype(float) @ table
        for start in range(0, draws, rows)
        if units
    ]
    drawn = np.concatenate(blocks) if blocks else np.full((draws, len(names)), np.nan)
    return Sums(total, dict(zip(names, drawn.T, strict=True)), units)


def _counts(rng: np.random.Generator, draws: int, units: int) -> Array:
    """Return (draws, units): how often each unit occurs in each draw."""
    index = rng.integers(0, units, (draws, units)) + units * np.arange(draws)[:, None]
    return np.bincount(index.ravel(), minlength=draws * units).reshape(draws, units)


def percentile_interval(values: Array, units: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the expanded percentile interval (Hesterberg 2015, The American Statistician 69:371).

    Plain percentiles are too narrow for few units, by about sqrt((n - 1) / n) and by what Student's
    t is wider than the normal. So the percentiles are taken at

        Phi(-sqrt(n / (n - 1)) t(alpha / 2, n - 1))   instead of   alpha / 2

    Args:
        values: (draws,) of a statistic; infinite ones count, those that are no number do not.
        units: how many questions or groups were drawn from.
        level: of the interval.

    Returns:
        Lower and upper bound, infinite with fewer than two units.
    """
    values = values[~np.isnan(values)]
    if units < 2 or not values.size:
        return -inf, inf
    tail = _expanded_tail(units, level)
    low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


@cache
def _expanded_tail(units: int, level: float) -> float:
    """Return the share of the draws below the expanded interval of `percentile_interval`."""
    student = stats.t.isf((1 - level) / 2, units - 1)
    return float(stats.norm.cdf(-sqrt(units / (units - 1)) * student))
