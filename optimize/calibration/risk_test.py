"""The statistics of learn-then-test: p-values of a too high risk, the fixed sequence, and power.

Source: Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test" (2021). MAPIE implements the
same. Tests compare with it, but it is not imported here, because it imports scikit-learn (seconds,
for two formulas) and orders its sequence without a cost.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from ...util.arrays import Array

_SLACK = 1e-9  # a sum of shares such as 1/3 + 1/3 + 1/3 may end just above a whole number
_DRAWS = 4_000  # draws of future groups, for each number of groups
MOST_UNITS = 200_000  # the maximum number of units that a user is asked to bring


def p_values(total: ArrayLike, units: int, harm: float, exact: bool = True) -> Array:
    """Return p-values of the hypothesis that the mean loss is above `harm`.

    With losses of 0 and 1 that is the exact binomial tail P(Bin(units, harm) <= total). With losses
    anywhere between 0 and 1 it is the Hoeffding-Bentkus bound, the smaller of

        exp(-units * KL(mean || harm))   and   e * P(Bin(units, harm) <= ceil(total))

    Args:
        total: sums of the losses over independent units.
        units: the number of units.
        harm: the maximum mean loss.
        exact: whether every loss is 0 or 1.

    >>> p_values([0, 4], 200, 0.02).round(3).tolist()
    [0.018, 0.629]
    """
    from scipy.special import bdtr

    sums = np.asarray(total, dtype=float)
    tail = bdtr(np.ceil(sums - _SLACK), units, harm) if units else np.ones_like(sums)
    if exact or not units:
        return tail
    return np.minimum(np.minimum(np.e * tail, 1.0), _hoeffding(sums / units, units, harm))


def _hoeffding(mean: Array, units: int, harm: float) -> Array:
    from scipy.special import rel_entr

    low = np.minimum(mean, harm)
    return np.exp(-units * (rel_entr(low, harm) + rel_entr(1 - low, 1 - harm)))


def survivors(p: ArrayLike, delta: float) -> int:
    """Return how many hypotheses of a fixed sequence are rejected.

    These are the hypotheses before the first p-value above `delta`. The probability that any of
    them is true is at most `delta`, whatever their number, when the order does not depend on the
    data of the p-values (Bauer 1991).

    >>> survivors([0.01, 0.05, 0.2, 0.001], 0.1)
    2
    """
    above = np.asarray(p, dtype=float) > delta
    if not above.any():
        return len(above)
    return int(above.argmax())


def fewest_units(harm: float, delta: float) -> int:
    """Return the fewest tested units with which a setting that loses nothing passes.

    Both p-values are (1 - harm) ** units without any loss, so fewer units never pass.

    >>> fewest_units(0.02, 0.1), fewest_units(0.05, 0.1)
    (114, 45)
    """
    units = max(1, math.ceil(math.log(delta) / math.log1p(-harm)))
    while units > 1 and p_values(0, units - 1, harm) <= delta:
        units -= 1
    while p_values(0, units, harm) > delta:
        units += 1
    return units


def units_needed(rate: float, harm: float, delta: float, power: float = 0.8) -> int | None:
    """Return the held-out units that a setting needs to pass with a probability of `power`.

    Args:
        rate: the setting's true risk.
        harm: the maximum risk.
        delta: the maximum p-value that passes.
        power: the wanted probability.

    Returns:
        None when no number is enough (`rate` is not below `harm`), or only more than 200,000.

    >>> units_needed(0.0, 0.02, 0.1), units_needed(0.02, 0.02, 0.1)
    (114, None)
    """
    if rate >= harm:
        return None
    coarse = np.unique(np.geomspace(1, MOST_UNITS, 400).astype(int))
    enough = _power(coarse, rate, harm, delta) >= power
    if not enough.any():
        return None
    last = int(enough.argmax())
    fine = np.unique(np.linspace(coarse[max(last - 1, 0)], coarse[last], 200).astype(int))
    return int(fine[(_power(fine, rate, harm, delta) >= power).argmax()])


def groups_needed(
    losses: ArrayLike, harm: float, delta: float, power: float = 0.8, seed: int = 0
) -> int | None:
    """Return the held-out groups that a setting needs to pass with a probability of `power`.

    The p-value is that of Hoeffding and Bentkus. Future groups are drawn with replacement from the
    observed ones and one more that is half lost, because a loss of zero can never be known.

    Args:
        losses: (groups,), between 0 and 1.
        harm: the maximum mean loss.
        delta: the maximum p-value that passes.
        power: the wanted probability.
        seed: the seed of the draws.

    Returns:
        None when no number is enough (their mean is not below `harm`), or only more than 200,000.

    >>> lost = [0.0] * 290 + [1 / 3] * 10
    >>> groups_needed(lost, 0.05, 0.1) > units_needed(sum(lost) / 300, 0.05, 0.1)
    True
    """
    kinds, counts = np.unique([*np.asarray(losses, dtype=float), 0.5], return_counts=True)
    shares = counts / counts.sum()
    if shares @ kinds >= harm:
        return None
    rng = np.random.default_rng(seed)

    def passes(units: int) -> bool:
        totals = rng.multinomial(units, shares, _DRAWS) @ kinds
        return bool((p_values(totals, units, harm, exact=False) <= delta).mean() >= power)

    coarse = np.unique(np.geomspace(1, MOST_UNITS, 400).astype(int)).tolist()
    enough = next((units for units in coarse if passes(units)), None)
    if enough is None:
        return None
    below = coarse[max(coarse.index(enough) - 1, 0)]
    fine = np.unique(np.linspace(below, enough, 200).astype(int)).tolist()
    return next((units for units in fine if passes(units)), enough)


def _power(units: Array, rate: float, harm: float, delta: float) -> Array:
    """Return the probability that a setting of this risk passes, for each number of units."""
    from scipy.special import bdtr, bdtrik

    most = np.floor(bdtrik(delta, units, harm))  # the largest count that passes, or its neighbor
    most = np.where(bdtr(most + 1, units, harm) <= delta, most + 1, most)
    none = bdtr(np.maximum(most, 0), units, harm) > delta
    most = np.where(none, most - 1, most)
    return np.where(most >= 0, bdtr(np.maximum(most, 0), units, rate), 0.0)
