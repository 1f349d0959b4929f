"""Learn-then-test's statistics: p-values of "the risk is above what is allowed", the fixed sequence, and power.

Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test" (2021). MAPIE has the same; it is a test's yardstick and not
imported here, because it brings scikit-learn along (seconds, for two formulas) and orders its sequence without a cost.
"""

import numpy as np
from numpy.typing import ArrayLike

from ...util.arrays import Array

_SLACK = 1e-9  # a sum of shares such as 1/3 + 1/3 + 1/3 may end just above a whole number
_DRAWS = 4_000  # of groups to come, for each number of them
_MOST = 200_000  # questions, above which nobody is told to bring more


def p_values(total: ArrayLike, units: int, harm: float, exact: bool = True) -> Array:
    """p-values of the hypothesis that the mean loss is above `harm`.

    With losses of 0 and 1 that is the exact binomial tail P(Bin(units, harm) <= total). With losses anywhere between
    0 and 1 it is the Hoeffding-Bentkus bound, the smaller of

        exp(-units * KL(mean || harm))   and   e * P(Bin(units, harm) <= ceil(total))

    Args:
        total: sums of the losses over independent units.
        units: how many there are.
        harm: the greatest mean loss allowed.
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
    """How many hypotheses of a fixed sequence are rejected: those before the first p-value above `delta`.

    The chance that any of them is true is at most `delta`, whatever their number, when the order does not depend on the
    data of the p-values (Bauer 1991).

    >>> survivors([0.01, 0.05, 0.2, 0.001], 0.1)
    2
    """
    above = np.asarray(p, dtype=float) > delta
    return int(above.argmax()) if above.any() else len(above)


def units_needed(rate: float, harm: float, delta: float, power: float = 0.8) -> int | None:
    """How many held-out units give a setting with this true risk a chance of `power` to pass its test.

    Args:
        rate: the setting's own risk.
        harm: the greatest risk allowed.
        delta: the greatest p-value that passes.
        power: the chance wanted.

    Returns:
        None when no number will do (`rate` is not below `harm`), or only more than 200,000.

    >>> units_needed(0.0, 0.02, 0.1), units_needed(0.02, 0.02, 0.1)
    (114, None)
    """
    if rate >= harm:
        return None
    coarse = np.unique(np.geomspace(1, _MOST, 400).astype(int))
    enough = _power(coarse, rate, harm, delta) >= power
    if not enough.any():
        return None
    last = int(enough.argmax())
    fine = np.unique(np.linspace(coarse[max(last - 1, 0)], coarse[last], 200).astype(int))
    return int(fine[(_power(fine, rate, harm, delta) >= power).argmax()])


def groups_needed(
    losses: ArrayLike, harm: float, delta: float, power: float = 0.8, seed: int = 0
) -> int | None:
    """How many held-out groups give a setting a chance of `power` to pass its test, by the Hoeffding-Bentkus p-value.

    Groups to come are drawn with replacement from those that are there, and one half-lost one beside them: nobody knows that
    nothing is ever lost.

    Args:
        losses: (groups,), between 0 and 1.
        harm: the greatest mean loss allowed.
        delta: the greatest p-value that passes.
        power: the chance wanted.
        seed: of the draws.

    Returns:
        None when no number will do (their mean is not below `harm`), or only more than 200,000.

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

    coarse = np.unique(np.geomspace(1, _MOST, 400).astype(int)).tolist()
    last = next((place for place, units in enumerate(coarse) if passes(units)), None)
    if last is None:
        return None
    fine = np.unique(np.linspace(coarse[max(last - 1, 0)], coarse[last], 200).astype(int)).tolist()
    return next((units for units in fine if passes(units)), coarse[last])


def _power(units: Array, rate: float, harm: float, delta: float) -> Array:
    """The chance that a setting of this risk passes, for each number of units."""
    from scipy.special import bdtr, bdtrik

    most = np.floor(bdtrik(delta, units, harm))  # the greatest count that passes, or its neighbour
    most = np.where(bdtr(most + 1, units, harm) <= delta, most + 1, most)
    none = bdtr(np.maximum(most, 0), units, harm) > delta
    most = np.where(none, most - 1, most)
    return np.where(most >= 0, bdtr(np.maximum(most, 0), units, rate), 0.0)
