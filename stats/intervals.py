"""Compute intervals for the results of an evaluation."""

import math
from collections.abc import Sequence

LEVEL = 0.95
MIN_DISCORDANT_FOR_BOOTSTRAP = 10
"""Below this count neither the bootstrap nor the normal approximation is reliable."""


def wilson(successes: float, n: float, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's score interval for a proportion (Wilson 1927); 95% with the default z.

        center = (p + z^2 / 2n) / (1 + z^2 / n)
        half = z / (1 + z^2 / n) * sqrt(p (1 - p) / n + z^2 / 4n^2)

    Returns:
        Lower and upper bound, between 0 and 1; (0, 1) for n = 0, when nothing is known.

    >>> tuple(round(bound, 3) for bound in wilson(8, 10))
    (0.49, 0.943)
    """
    if n == 0:
        return 0.0, 1.0
    p = successes / n
    scale = 1 + z * z / n
    center = (p + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def none_if_nan(value: float) -> float | None:
    """Return a number as plain data: None for NaN, which means unknown."""
    return None if math.isnan(value) else float(value)


def bounds_with_unknown(right: float, n: int, unknown: int) -> tuple[float, float]:
    """Return the accuracy if all unknown outcomes were wrong, and if all were right.

    Args:
        right: sum of the known scores.
        n: questions whose outcome is known.
        unknown: questions whose outcome is not known.

    >>> bounds_with_unknown(6, 8, 2)
    (0.6, 0.8)
    """
    total = n + unknown
    if not total:
        return 0.0, 1.0
    return right / total, (right + unknown) / total


def paired_interval(differences: Sequence[float], z: float = 1.96) -> tuple[float, float, float]:
    """Return the mean of paired differences between scores from 0 to 1, and its 95% interval.

    The interval is the normal approximation (mean +- z * standard error), clipped to [-1, 1].
    Where fewer than `MIN_DISCORDANT_FOR_BOOTSTRAP` questions differ, do not gain, or do not lose,
    the observed spread is too uncertain, so `exact_bounds` are used. There a partial score counts
    as a part of a question, which varies more than the score does.

    Returns:
        Mean, lower, upper, the bounds from -1 to 1. Without any difference the mean is NaN.

    >>> tuple(round(value, 2) for value in paired_interval([1, 0, 0, 1, 0, 0, 0, 0]))
    (0.25, -0.4, 0.69)
    """
    n = len(differences)
    if n == 0:
        return math.nan, -1.0, 1.0
    mean = sum(differences) / n
    gains = [d for d in differences if d > 0]
    losses = [-d for d in differences if d < 0]
    discordant = len(gains) + len(losses)
    if min(discordant, n - len(gains), n - len(losses)) < MIN_DISCORDANT_FOR_BOOTSTRAP:
        return mean, *exact_bounds(math.fsum(gains), math.fsum(losses), n)
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    half = z * math.sqrt(variance / n)
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def exact_bounds(wins: float, losses: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return bounds on a difference of proportions, from exact ones (Clopper and Pearson 1934).

    Each share is bounded at half the error, so that both hold together at the level (Bonferroni).
    Of questions in groups the counts are divided by the design effect (Korn and Graubard 1998,
    Survey Methodology 24:193).

    Args:
        wins: the number of questions on which only the first system is right; with partial scores,
            the sum of its gains.
        losses: the same for the second system.
        n: the number of all questions, at least one.
        level: the level of the interval.

    >>> low, high = exact_bounds(0, 0, 100)
    >>> round(high, 3), low == -high
    (0.043, True)
    """
    from .distributions import beta_quantile  # most commands do not need it, nor SciPy

    tail = (1 - level) / 4

    def low(count: float) -> float:
        return beta_quantile(tail, count, n - count + 1) if count > 0 else 0.0

    def high(count: float) -> float:
        return beta_quantile(1 - tail, count + 1, n - count) if count < n else 1.0

    return low(wins) - high(losses), high(wins) - low(losses)
