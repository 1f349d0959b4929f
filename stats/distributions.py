"""Quantiles of the distributions that the intervals use.

They are those of `scipy.stats`, whose import takes a second of every command.
"""

from scipy.special import bdtr, betaincinv, ndtr, ndtri, stdtrit

_MAX_COUNTED_THROWS = 5_000
"""Larger whole numbers are slow, and SciPy's error is then far below what is shown."""


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return the value below which a share of the beta distribution lies.

    >>> beta_quantile(0.5, 2, 2)
    0.5
    """
    return float(betaincinv(a, b, share))


def coin_share(heads: int, throws: int) -> float:
    """Return the chance of at most so many heads when a fair coin is thrown.

    >>> coin_share(1, 2)
    0.75
    """
    if throws > _MAX_COUNTED_THROWS:
        return float(bdtr(heads, throws, 0.5))
    ways = ways_so_far = 1
    for number in range(heads):
        ways = ways * (throws - number) // (number + 1)
        ways_so_far += ways
    return ways_so_far / 2**throws  # of whole numbers, so that it is exact


def normal_share(value: float) -> float:
    """Return the share of the standard normal distribution below a value.

    >>> normal_share(0)
    0.5
    """
    return float(ndtr(value))


def normal_upper_quantile(share: float) -> float:
    """Return the value above which a share of the standard normal distribution lies.

    >>> round(normal_upper_quantile(0.025), 2)
    1.96
    """
    return float(-ndtri(share))


def student_upper_quantile(share: float, degrees: float) -> float:
    """Return the value above which a share of Student's t distribution lies.

    >>> round(student_upper_quantile(0.025, 4), 2)
    2.78
    """
    return float(-stdtrit(degrees, share))
