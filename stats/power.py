"""Compute the number of questions that would decide an undecided comparison."""

from math import ceil, sqrt

from scipy import optimize, stats

POWER = 0.8
MAX_QUESTIONS = 10_000
"""No bundled task has more test questions, so a difference that needs more cannot be decided."""


def questions_needed(
    difference: float, discordant: float, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return the number of questions with which McNemar's test detects a difference at this power.

    With d the difference and q the share of questions on which just one of the two is right (Connor
    1987, Biometrics 43:207), and 1 / d more for the test being exact, as in its form with a
    continuity correction: the smallest n with

        n |d| - 1 >= sqrt(n) (z(alpha / 2) sqrt(q) + z(1 - power) sqrt(q - d^2))

    Args:
        difference: in accuracy, as a share.
        discordant: share of the questions on which just one of the two is right.
        alpha: level of the two-sided test.
        power: the chance of finding the difference.

    Returns:
        None for no difference, which no number of questions finds.

    >>> questions_needed(0.1, 0.2)
    175
    """
    d = min(abs(difference), discordant)
    if d <= 0:
        return None
    z = _spread(d, discordant, alpha, power)
    return ceil(((z + sqrt(z * z + 4 * d)) / (2 * d)) ** 2)


def minimum_detectable_effect(
    questions: int, discordant: float, alpha: float = 0.05, power: float = POWER
) -> float | None:
    """Return the smallest difference detected at this power; None when even the largest is not.

    >>> round(minimum_detectable_effect(175, 0.2), 3)
    0.1
    """

    def short_of(d: float) -> float:
        return sqrt(questions) * _spread(d, discordant, alpha, power) + 1 - questions * d

    if discordant <= 0 or questions < 1 or short_of(discordant) > 0:
        return None
    solution = optimize.root_scalar(short_of, bracket=(0.0, discordant))
    return float(solution.root)


def _spread(d: float, discordant: float, alpha: float, power: float) -> float:
    z = float(stats.norm.isf(alpha / 2)), float(stats.norm.isf(1 - power))
    return z[0] * sqrt(discordant) + z[1] * sqrt(discordant - d * d)
