"""Test whether two systems differ on the same questions: McNemar, its grouped form, and Holm."""

from collections.abc import Sequence

import numpy as np

from ..util.arrays import Array
from .clustered import group_sums
from .distributions import coin_share


def mcnemar(wins: int, losses: int) -> float:
    """Return McNemar's exact two-sided p-value (McNemar 1947; the exact form is the sign test).

    Args:
        wins: questions on which only the system is right.
        losses: questions on which only the reference is right.

    >>> round(mcnemar(3, 12), 4)
    0.0352
    """
    return min(1.0, 2 * coin_share(min(wins, losses), wins + losses))


def paired_p(first: Array, second: Array, groups: Array | None = None) -> float:
    """Return the two-sided p-value of equal accuracy of two systems, from paired outcomes.

    Without groups it is McNemar's exact test. The outcomes of grouped questions depend on each
    other, and McNemar's test would report too many differences. Then the two systems are swapped in
    whole groups: with s_g = wins - losses in group g, the p-value is the probability that
    |sum of +-s_g| is at least the observed value, if all signs are equally likely. It is computed
    exactly. With one question per group this is McNemar's test; the chi-square form of Durkalski et
    al. (2003, Statistics in Medicine 22:2417) is its normal approximation.

    Args:
        first: (questions,) of bool: the system is right.
        second: (questions,) of bool: the reference is right.
        groups: (questions,): questions with the same value form a group.

    >>> right, other = np.array([True] * 6 + [False]), np.array([False] * 6 + [True])
    >>> paired_p(right, other) == mcnemar(6, 1)
    True
    """
    if groups is None:
        return mcnemar(int((first & ~second).sum()), int((second & ~first).sum()))
    net = group_sums(first.astype(int) - second.astype(int), groups)
    return sign_flip_p(np.rint(net).astype(int))


def sign_flip_p(net: Array) -> float:
    """Return the exact p-value of the sign-flip test for integers, by one convolution per group."""
    sizes = np.abs(net[net != 0])
    max_sum = int(sizes.sum())
    probability = np.zeros(2 * max_sum + 1)
    probability[max_sum] = 1.0
    for size in sizes:
        # `np.roll` never wraps around, because no sum exceeds max_sum.
        probability = (np.roll(probability, size) + np.roll(probability, -size)) / 2
    observed = abs(int(net.sum()))
    return min(1.0, float(probability[np.abs(np.arange(-max_sum, max_sum + 1)) >= observed].sum()))


def holm(p: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values (Holm 1979), which bound the family-wise error rate.

        adjusted of the k-th smallest = max over j <= k of min(1, (m - j + 1) p_j)

    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    adjusted, highest = [1.0] * len(p), 0.0
    for index, factor in zip(np.argsort(p, kind="stable"), range(len(p), 0, -1), strict=True):
        highest = max(highest, min(1.0, factor * p[index]))
        adjusted[index] = highest
    return adjusted


def holm_levels(p: Sequence[float], level: float) -> list[float]:
    """Return Holm's level for each p-value: level / m for the smallest, level for the largest.

    >>> holm_levels([0.01, 0.04], 0.05)
    [0.025, 0.05]
    """
    levels = [level] * len(p)
    for index, factor in zip(np.argsort(p, kind="stable"), range(len(p), 0, -1), strict=True):
        levels[index] = level / factor
    return levels
