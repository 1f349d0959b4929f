"""Bound the difference of two paired proportions from one side: non-inferiority, equivalence.

On n questions the system alone is right on `wins` and the reference alone on `losses`. A system is
not worse than the reference within a margin if the lower bound of the difference is above minus the
margin. It is equivalent within the margin if the upper bound is also below the margin: the two
one-sided tests (TOST) of Schuirmann (1987, Journal of Pharmacokinetics and Biopharmaceutics
15:657).
"""

from functools import lru_cache

import numpy as np
from scipy.special import bdtrc, gammaln, xlog1py, xlogy

from ..util.arrays import Array
from .distributions import beta_quantile, normal_upper_quantile

ONE_SIDED_ALPHA = 0.05
"""The level of each one-sided test: a bound holds with 95% confidence."""

MAX_EXACT_DISCORDANT = 50
"""With more discordant questions the score bound is accurate enough, and the exact one is slow."""

_GAMMA = 1e-4
"""The error that the interval of the nuisance parameter takes (Berger and Boos 1994)."""
_NUISANCE_VALUES = 40
_NEGLIGIBLE = 1e-9
_PRECISION = 1e-5
_HALVINGS = 40
_SCANNED_Z = np.linspace(4.0, 0.5, 15)


def score_statistic(
    wins: Array | float, losses: Array | float, questions: float, difference: Array | float
) -> Array:
    """Return Tango's score statistic of the hypothesis that the difference has this value.

        T = (wins - losses - n d) / sqrt(n (2 q + d (1 - d)))

    q is the most likely share of losses if the difference is d, see `likely_losses` (Tango 1998,
    Statistics in Medicine 17:891). At d = 0 its square is McNemar's statistic.

    Args:
        wins: the number of questions on which only the system is right.
        losses: the number on which only the reference is right.
        questions: the number of all questions.
        difference: the share of wins minus the share of losses.

    >>> float(score_statistic(13, 3, 50, 0.0))
    2.5
    """
    n, d = questions, difference
    variance = n * (2 * likely_losses(wins, losses, questions, difference) + d * (1 - d))
    excess = np.subtract(wins, losses) - n * d
    statistic = excess / np.sqrt(np.maximum(variance, _NEGLIGIBLE))
    return np.where(np.abs(excess) < _NEGLIGIBLE, 0.0, statistic)


def likely_losses(
    wins: Array | float, losses: Array | float, questions: float, difference: Array | float
) -> Array:
    """Return the most likely share of losses if the difference has this value.

    It is the larger root of

        2n q^2 + (d (2n + losses - wins) - wins - losses) q - losses d (1 - d) = 0

    >>> [round(float(likely_losses(6, 2, 40, difference)), 3) for difference in (0.1, 0.0)]
    [0.05, 0.1]
    """
    n, d = questions, difference
    linear = d * (2 * n + np.subtract(losses, wins)) - np.add(wins, losses)
    root = np.sqrt(np.maximum(linear * linear + 8 * n * losses * d * (1 - d), 0.0))
    return (root - linear) / (4 * n)


def score_lower_bound(
    wins: float, losses: float, questions: float, alpha: float = ONE_SIDED_ALPHA
) -> float:
    """Return the lower bound of the difference by Tango's score test, from -1 to 1.

    The counts need not be whole: those of grouped questions are divided by the design effect.

    >>> lower, upper = score_lower_bound(1, 0, 44, 0.025), -score_lower_bound(0, 1, 44, 0.025)
    >>> round(lower, 3), round(upper, 3)
    (-0.059, 0.118)
    """
    z = np.array([normal_upper_quantile(alpha)])
    return float(_differences_at(wins, losses, questions, z)[0])


def _differences_at(wins: float, losses: float, questions: float, z: Array) -> Array:
    """Return the differences at which the score statistic, which decreases, has some values."""
    low, high = np.full(len(z), -1.0), np.full(len(z), 1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_above = score_statistic(wins, losses, questions, middle) > z
        low = np.where(is_above, middle, low)
        high = np.where(is_above, high, middle)
    return low


def exact_p(wins: int, losses: int, questions: int, difference: float) -> float:
    """Return the exact p-value against the hypothesis that the difference is this one.

    It is the chance of a score statistic at least as large, at the share of discordant questions
    that makes it largest: the unconditional exact test of Hsueh, Liu and Chen (2001, Biometrics
    57:478), with that share in its Clopper-Pearson interval, whose error is added (Berger and Boos
    1994, JASA 89:1012).

    >>> exact_p(0, 0, 100, -0.1) < 0.001 < 0.05 < exact_p(0, 0, 100, -0.01)
    True
    """
    n, discordant = questions, wins + losses
    lowest = beta_quantile(_GAMMA / 2, discordant, n - discordant + 1) if discordant else 0.0
    highest = 1.0
    if discordant < n:
        highest = beta_quantile(1 - _GAMMA / 2, discordant + 1, n - discordant)
    lowest = max(lowest, abs(difference))
    if lowest > highest:
        return _GAMMA
    shares = np.linspace(lowest, highest, _NUISANCE_VALUES)[:, None]
    counts = np.arange(n + 1)
    fewest = _binomial_chance(counts, n, shares[0]) > _NEGLIGIBLE
    most = _binomial_chance(counts, n, shares[-1]) > _NEGLIGIBLE
    counts = counts[fewest.argmax() : n + 1 - most[::-1].argmax()]
    weights = _binomial_chance(counts, n, shares)
    statistic = float(score_statistic(wins, losses, n, difference))
    needed = _wins_needed(counts, n, difference, statistic)
    win = np.clip((1 + difference / np.maximum(shares, _NEGLIGIBLE)) / 2, 0.0, 1.0)
    tail = np.where(needed > 0, bdtrc(np.maximum(needed - 1, 0), counts, win), 1.0)
    return min(1.0, float((weights * tail).sum(axis=1).max()) + _GAMMA)


@lru_cache(maxsize=1000)
def exact_lower_bound(
    wins: int, losses: int, questions: int, alpha: float = ONE_SIDED_ALPHA
) -> float:
    """Return the lower bound of the difference by `exact_p`, from -1 to 1.

    It is the largest difference below which all are rejected, so its error is at most `alpha`.

    >>> round(exact_lower_bound(0, 0, 148), 2)
    -0.02
    """
    rejected = -1.0
    for difference in _differences_at(wins, losses, questions, _SCANNED_Z).tolist():
        if exact_p(wins, losses, questions, difference) > alpha:
            return _last_rejected(wins, losses, questions, alpha, rejected, difference)
        rejected = max(rejected, difference)
    return rejected


def _last_rejected(
    wins: int, losses: int, questions: int, alpha: float, rejected: float, kept: float
) -> float:
    """Return where the exact test stops to reject, between a rejected difference and a kept one."""
    while kept - rejected > _PRECISION:
        middle = (rejected + kept) / 2
        if exact_p(wins, losses, questions, middle) > alpha:
            kept = middle
        else:
            rejected = middle
    return rejected


def _binomial_chance(counts: Array, throws: int, shares: Array) -> Array:
    """Return the chance of each count of successes, at each share."""
    ways = gammaln(throws + 1) - gammaln(counts + 1) - gammaln(throws - counts + 1)
    return np.exp(ways + xlogy(counts, shares) + xlog1py(throws - counts, -shares))


def _wins_needed(counts: Array, questions: int, difference: float, statistic: float) -> Array:
    """Return the fewest wins among each count of discordant questions that reach a statistic.

    With the count fixed, the statistic increases with the wins. One more than the count if none do.
    """
    low, high = np.zeros_like(counts), counts + 1
    while (low < high).any():
        middle = (low + high) // 2
        inside = np.minimum(middle, counts)
        found = score_statistic(inside, counts - inside, questions, difference)
        reaches = (found >= statistic - _NEGLIGIBLE) | (middle > counts)
        high = np.where(reaches, middle, high)
        low = np.where(reaches, low, middle + 1)
    return high
