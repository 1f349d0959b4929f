"""Compute the number of questions that would decide an undecided comparison."""

from math import ceil, sqrt

from .distributions import normal_upper_quantile
from .noninferiority import ONE_SIDED_ALPHA, likely_losses

POWER = 0.8
MAX_QUESTIONS = 10_000
"""No bundled task has more test questions, so a difference that needs more cannot be decided."""

_HALVINGS = 60
"""So many halvings of an interval leave less than the precision of a float."""


def questions_needed(
    difference: float, discordant: float, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return the number of questions with which McNemar's test detects a difference at this power.

    Let d be the difference and q the share of questions on which exactly one of the two is right
    (Connor 1987, Biometrics 43:207). The exact test needs 1 / d more questions, as does its form
    with a continuity correction. The result is the smallest n with

        n |d| - 1 >= sqrt(n) (z(alpha / 2) sqrt(q) + z(1 - power) sqrt(q - d^2))

    Args:
        difference: the difference in accuracy, as a share.
        discordant: the share of questions on which exactly one of the two is right.
        alpha: the level of the two-sided test.
        power: the chance of finding the difference.

    Returns:
        The number of questions; None without a difference.

    >>> questions_needed(0.1, 0.2)
    175
    """
    d = min(abs(difference), discordant)
    if d <= 0:
        return None
    z = _spread(d, discordant, alpha, power)
    return ceil(((z + sqrt(z * z + 4 * d)) / (2 * d)) ** 2)


def questions_for_margin(
    wins: float,
    losses: float,
    questions: float,
    margin: float,
    alpha: float = ONE_SIDED_ALPHA,
    power: float = POWER,
) -> int | None:
    """Return the number of questions that show non-inferiority within a margin at this power.

    With d the difference and q the share of discordant questions, both as observed with half a
    question added to wins and losses (Agresti and Min 2005, Statistics in Medicine 24:729),

        n = ((z(alpha) sqrt(v0) + z(1 - power) sqrt(q - d^2)) / (d + margin))^2

    v0 is the variance of the score statistic at a difference of -margin (Nam 1997, Biometrics
    53:1422).

    Args:
        wins: the number of questions on which only the system is right.
        losses: the number on which only the reference is right.
        questions: the number of all questions.
        margin: the largest loss of accuracy that counts as none, as a share.
        alpha: the level of the one-sided test.
        power: the chance of showing it.

    Returns:
        The number of questions; None if the observed difference is beyond the margin, because then
        no number would do.

    >>> questions_for_margin(10, 10, 200, 0.02), questions_for_margin(2, 12, 200, 0.02)
    (1645, None)
    """
    won, lost = (wins + 0.5) / (questions + 1), (losses + 0.5) / (questions + 1)
    d = won - lost
    if d + margin <= 0:
        return None
    at_margin = 2 * float(likely_losses(won, lost, 1.0, -margin)) - margin * (1 + margin)
    spread = normal_upper_quantile(alpha) * sqrt(max(0.0, at_margin))
    spread += normal_upper_quantile(1 - power) * sqrt(max(0.0, won + lost - d * d))
    return max(1, ceil((spread / (d + margin)) ** 2))


def questions_for_mean_margin(
    difference: float,
    deviation: float,
    margin: float,
    alpha: float = ONE_SIDED_ALPHA,
    power: float = POWER,
) -> int | None:
    """Return the number of questions that show non-inferiority of a mean score at this power.

        n = ((z(alpha) + z(1 - power)) deviation / (d + margin))^2

    Args:
        difference: the difference d of the mean scores.
        deviation: the standard deviation of the difference of a question.
        margin: the largest loss that counts as none.
        alpha: the level of the one-sided test.
        power: the chance of showing it.

    Returns:
        None if the difference is beyond the margin.

    >>> questions_for_mean_margin(0.0, 0.4, 0.05), questions_for_mean_margin(-0.1, 0.4, 0.05)
    (396, None)
    """
    if difference + margin <= 0:
        return None
    z = normal_upper_quantile(alpha) + normal_upper_quantile(1 - power)
    return max(1, ceil((z * deviation / (difference + margin)) ** 2))


def minimum_detectable_effect(
    questions: int, discordant: float, alpha: float = 0.05, power: float = POWER
) -> float | None:
    """Return the smallest difference that is detected at this power; None when none is.

    >>> round(minimum_detectable_effect(175, 0.2), 3)
    0.1
    """

    def short_of(d: float) -> float:
        return sqrt(questions) * _spread(d, discordant, alpha, power) + 1 - questions * d

    if discordant <= 0 or questions < 1 or short_of(discordant) > 0:
        return None
    low, high = 0.0, discordant
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if short_of(middle) > 0:
            low = middle
        else:
            high = middle
    return high


def _spread(d: float, discordant: float, alpha: float, power: float) -> float:
    z_alpha = normal_upper_quantile(alpha / 2)
    z_power = normal_upper_quantile(1 - power)
    return z_alpha * sqrt(discordant) + z_power * sqrt(discordant - d * d)
