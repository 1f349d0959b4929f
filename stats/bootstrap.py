"""Compute the paired bootstrap: resample questions, or groups of them, for all systems at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from math import ceil, inf, sqrt
from typing import Any

import numpy as np

from ..util.arrays import Array
from .distributions import normal_share, student_upper_quantile

DRAWS = 10_000
LEVEL = 0.95
_KEPT_CELLS = 2_000_000  # draws by groups of a bootstrap that is kept for the next one
_BLOCK_CELLS = 100_000  # of a block, which the processor's cache can hold


Statistic = Callable[[Mapping[str, Any]], Any]
"""Takes sums by column, as numbers or as (draws,) arrays, and returns the statistic likewise."""

Statistics = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Takes sums as a `Statistic` does, and returns several statistics by name."""


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
        """Return the estimate times a factor that is not negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Sums:
    """Sums of columns over the questions, and over each bootstrap draw of them.

    Attributes:
        total: the sum over the questions, by column.
        draws: (draws,) the sums over each draw, by column.
        units: the number of questions, or of groups of them, that the draws are taken from.
    """

    total: dict[str, float]
    draws: dict[str, Array]
    units: int

    def estimate(self, statistic: Statistic, level: float = LEVEL) -> Estimate:
        """Return a statistic of the sums, with its interval.

        Args:
            statistic: the statistic as a function of the sums.
            level: the level of the interval.
        """
        return self.estimates(lambda sums: {"": statistic(sums)}, level)[""]

    def estimates(self, statistics: Statistics, level: float = LEVEL) -> dict[str, Estimate]:
        """Return several statistics of the sums, with their intervals.

        Args:
            statistics: the statistics by name, as a function of the sums.
            level: the level of the intervals.
        """
        found = {}
        with np.errstate(divide="ignore", invalid="ignore"):
            total = {name: np.float64(value) for name, value in self.total.items()}
            values, draws = statistics(total), statistics(self.draws)
            for name, value in values.items():
                interval = percentile_interval(np.asarray(draws[name]), self.units, level)
                found[name] = Estimate(float(value), *interval)
        return found


def resample(
    columns: Mapping[str, Array], groups: Array | None = None, *, draws: int = DRAWS, seed: int = 0
) -> Sums:
    """Draw as many questions as there are, with replacement. The columns remain paired.

    Grouped questions are drawn in whole groups (the cluster bootstrap of Davison and Hinkley 1997,
    section 3.8), because the questions of a group are not independent.

    Args:
        columns: (questions,) values by name.
        groups: (questions,): questions with the same value form a group; each is a group of its own
            when None.
        draws: the number of draws.
        seed: the same questions and seed give the same draws.

    >>> sums = resample({"n": np.ones(4), "right": np.array([1.0, 0.0, 1.0, 1.0])}, draws=100)
    >>> sums.estimate(lambda s: s["right"] / s["n"]).value
    0.75
    """
    names = list(columns)
    table = np.stack([np.asarray(column, dtype=float) for column in columns.values()], axis=1)
    total = dict(zip(names, table.sum(axis=0).tolist(), strict=True))
    if groups is not None:
        labels, index = np.unique(groups, return_inverse=True)
        summed = np.zeros((len(labels), len(names)))
        np.add.at(summed, index, table)
        table = summed
    units = len(table)
    rows = max(1, _BLOCK_CELLS // max(units, 1))
    drawn = np.full((draws, len(names)), np.nan)
    if units and draws * units <= _KEPT_CELLS:
        drawn[:] = _only_block(seed, draws, units) @ table
    elif units:
        rng = np.random.default_rng(seed)
        for start in range(0, draws, rows):
            counts = _counts(rng, min(rows, draws - start), units)
            drawn[start : start + rows] = counts.astype(float) @ table
    return Sums(total, dict(zip(names, drawn.T, strict=True)), units)


@lru_cache(maxsize=1)
def _only_block(seed: int, draws: int, units: int) -> Array:
    """Return the counts of a bootstrap that is one block, which every pair of a comparison uses."""
    return _counts(np.random.default_rng(seed), draws, units).astype(float)


def _counts(rng: np.random.Generator, draws: int, units: int) -> Array:
    """Return (draws, units): how often each unit occurs in each draw."""
    index = rng.integers(0, units, (draws, units)) + units * np.arange(draws)[:, None]
    return np.bincount(index.ravel(), minlength=draws * units).reshape(draws, units)


def percentile_interval(values: Array, units: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the expanded percentile interval (Hesterberg 2015, The American Statistician 69:371).

    Plain percentiles are too narrow for few units, by about sqrt((n - 1) / n) and by the ratio of
    Student's t to the normal distribution. So the percentiles are taken at

        Phi(-sqrt(n / (n - 1)) t(alpha / 2, n - 1))   instead of   alpha / 2

    Args:
        values: (draws,) of a statistic; infinite values count, NaN do not.
        units: the number of questions or groups that the draws are taken from.
        level: the level of the interval.

    Returns:
        Lower and upper bound, infinite with fewer than two units.
    """
    values = values[~np.isnan(values)]
    if units < 2 or not values.size:
        return -inf, inf
    tail = _expanded_tail(units, level)
    # As `np.quantile` with the method `inverted_cdf`, in a third of its time.
    places = [max(0, ceil(values.size * share - 1)) for share in (tail, 1 - tail)]
    low, high = np.partition(values, places)[places]
    return float(low), float(high)


@cache
def _expanded_tail(units: int, level: float) -> float:
    """Return the share of the draws below the expanded interval of `percentile_interval`."""
    student = student_upper_quantile((1 - level) / 2, units - 1)
    return normal_share(-sqrt(units / (units - 1)) * student)
