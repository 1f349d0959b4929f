"""Exact bounds on a paired difference, for where so few questions differ that no other interval holds."""

LEVEL = 0.95
FEW = 10
"""With fewer discordant questions neither the bootstrap nor the normal approximation has enough to go by."""


def exact_bounds(gained: float, lost: float, n: float) -> tuple[float, float]:
    """Bounds on the difference of two shares from exact ones on each (Clopper and Pearson 1934).

    Each share is bounded at half the error, so that both hold together at `LEVEL` (Bonferroni). Of questions in groups the
    counts are divided by the design effect (Korn and Graubard 1998, Survey Methodology 24:193).

    Args:
        gained: questions on which only the one is right; of partial scores, the sum of what they gain.
        lost: the same for the other.
        n: all questions, at least one.

    >>> low, high = exact_bounds(0, 0, 100)
    >>> round(high, 3), low == -high
    (0.043, True)
    """
    from scipy import stats  # slow to import, and most commands do without

    tail = (1 - LEVEL) / 4

    def low(count: float) -> float:
        return float(stats.beta.ppf(tail, count, n - count + 1)) if count > 0 else 0.0

    def high(count: float) -> float:
        return float(stats.beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0

    return low(gained) - high(lost), high(gained) - low(lost)
