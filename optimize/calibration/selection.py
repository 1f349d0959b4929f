"""Which setting is chosen: an order learned on one half, tested on the other, and the cheapest that passes."""

from dataclasses import dataclass

import numpy as np

from ...util.arrays import Array
from .risk_test import p_values, survivors


@dataclass(frozen=True)
class Selection:
    """What learn-then-test came to.

    Attributes:
        sequence: the settings that were put in order, safest first, as places among all of them.
        p_values: their p-values on the held-out half.
        num_passed: how many of them survive, from the first.
        chosen: the cheapest survivor; None when there is none, or the last tier alone costs no more.
    """

    sequence: Array
    p_values: Array
    num_passed: int
    chosen: int | None


def pareto_front(loss: Array, cost: Array, strictness: Array | None = None) -> Array:
    """The settings that no other beats in both loss and cost, by ascending loss and so by descending cost.

    Ordering the tests along this line is Pareto testing (Laufer-Goldshtein et al. 2023): each is the cheapest way to
    its loss, so none is tested in vain.

    Args:
        loss: mean loss of each setting, on the half that is not tested.
        cost: mean cost; NaN is left out.
        strictness: of equals, the setting with the highest goes in.

    >>> pareto_front(np.array([0.0, 0.0, 0.1, 0.2]), np.array([5.0, 4.0, 4.5, 1.0])).tolist()
    [1, 3]
    """
    strict = np.zeros_like(cost) if strictness is None else strictness
    order = np.lexsort((-strict, cost, loss))
    order = order[np.isfinite(cost[order])]
    if not order.size:
        return order
    cheapest = np.minimum.accumulate(cost[order])
    first = np.ones(len(order), dtype=bool)
    first[1:] = cost[order][1:] < cheapest[:-1]
    return order[first]


def learn_then_test(
    learn: tuple[Array, Array],
    test: Array,
    units: int,
    harm: float,
    delta: float,
    *,
    exact: bool = True,
    baseline_cost: float = np.inf,
    strictness: Array | None = None,
) -> Selection:
    """Choose the cheapest setting whose mean loss is at most `harm`, wrongly with a chance of at most `delta`.

    The order is that of the frontier on the first half. Each setting of it is tested on the other half until one fails;
    the last one that passed is the cheapest.

    Args:
        learn: mean loss and mean cost of each setting on the first half.
        test: sum of the losses of each setting on the held-out half, over units.
        units: independent units there.
        harm: the greatest mean loss allowed.
        delta: the greatest chance of a wrong promise.
        exact: whether the loss of every unit is 0 or 1.
        baseline_cost: the cost of the last tier alone, whose loss is 0 by definition and needs no test.
        strictness: of equals, the setting with the highest is taken.
    """
    loss, cost = learn
    sequence = pareto_front(loss, cost, strictness)
    p = p_values(test[sequence], units, harm, exact)
    passed = survivors(p, delta)
    last = int(sequence[passed - 1]) if passed else None
    return Selection(
        sequence, p, passed, last if last is not None and cost[last] < baseline_cost else None
    )
