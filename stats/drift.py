"""Tests of whether new observations differ from earlier ones, or exceed a promised rate."""

from collections.abc import Sequence

import numpy as np

from ..util.arrays import Array

_TABLES = 9_999
_PRIOR = 0.5, 0.5  # Jeffreys' prior of a rate


def homogeneity_p_value(first: Sequence[int], second: Sequence[int], seed: int = 0) -> float:
    """Return the p-value of the hypothesis that two samples have one distribution.

    The statistic is Pearson's, over the cells of the two rows of counts:

        X^2 = sum of (count - expected)^2 / expected

    Its distribution is that of tables with the same margins, which is exact for any number of
    observations; 9,999 of them are drawn, and p = (1 + tables at least as extreme) / 10,000, which
    is valid whatever their number (Phipson and Smyth 2010). If nothing changed, p is at most alpha
    with a probability of at most alpha.

    Args:
        first: the number of observations in each category.
        second: the same of the other sample.
        seed: the seed of the drawn tables.

    Returns:
        1 when a sample is empty.

    >>> homogeneity_p_value([50, 50], [48, 52]) > 0.5, homogeneity_p_value([90, 10], [60, 40])
    (True, 0.0001)
    """
    one, other = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    total = one + other
    one, other, total = one[total > 0], other[total > 0], total[total > 0]
    if not one.sum() or not other.sum() or len(total) < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(total, int(other.sum()), size=_TABLES)
    seen = _statistic(other[None, :], total)[0]
    extreme = (_statistic(drawn, total) >= seen * (1 - 1e-9)).sum()
    return float((1 + extreme) / (1 + _TABLES))


def _statistic(rows: Array, total: Array) -> Array:
    """Return Pearson's statistic of each table, up to a factor that all tables share."""
    expected = total * (rows.sum(axis=1, keepdims=True) / total.sum())
    return ((rows - expected) ** 2 / total).sum(axis=1)


def exceeds_p_value(lost: Sequence[bool], most: float) -> float:
    """Return the p-value of the hypothesis that a rate is at most `most`, at any time.

    Questions may be looked at again after each new one, because p holds for all looks together: if
    the rate is at most `most`, the probability that p is ever at most alpha is at most alpha. It is
    1 / max of the e-values of the beginnings of the sequence, and the e-value of n questions with
    k lost is the likelihood ratio mixed over higher rates r by a Beta(1/2, 1/2),

        E(n, k) = integral over r > most of (r / most)^k ((1 - r) / (1 - most))^(n - k) dBeta(r)

    divided by the mass of the Beta above `most`. It is a nonnegative supermartingale for every rate
    up to `most`, so that Ville's inequality holds (Robbins 1970; Howard, Ramdas, McAuliffe and
    Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences").

    Args:
        lost: whether each question is lost, in their order.
        most: the promised rate, between 0 and 1.

    >>> exceeds_p_value([False] * 95 + [True] * 5, 0.05), exceeds_p_value([True] * 9, 0.05) < 1e-6
    (1.0, True)
    """
    from scipy.special import betaincc, betaln

    if not len(lost):
        return 1.0
    flags = np.asarray(lost, dtype=float)
    count, total = flags.cumsum(), np.arange(1, len(flags) + 1)
    a, b = _PRIOR
    with np.errstate(divide="ignore"):
        posterior = betaln(count + a, total - count + b) + np.log(
            betaincc(count + a, total - count + b, most)
        )
        prior = betaln(a, b) + np.log(betaincc(a, b, most))
    null = count * np.log(most) + (total - count) * np.log1p(-most)
    evidence = (posterior - prior - null).max()
    return float(min(1.0, np.exp(-evidence)))
