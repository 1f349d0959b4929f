"""Order settings on one half, test them on the other, and take the cheapest that passes."""

from dataclasses import dataclass

import numpy as np

from ...util.arrays import Array
from .risk_test import p_values, survivors


@dataclass(frozen=True)
class Selection:
    """The outcome of learn-then-test.

    Attributes:
        sequence: the indices of the ordered settings, the safest first.
        p_values: their p-values on the tested questions.
        num_passed: how many of them pass, from the first.
        chosen: the index of the cheapest setting that passes; None when none does, or when the last
            tier alone costs no more.
    """

    sequence: Array
    p_values: Array
    num_passed: int
    chosen: int | None

    @property
    def position(self) -> int:
        """The position of the chosen setting in the sequence; -1 when none is chosen."""
        return -1 if self.chosen is None else self.sequence.tolist().index(self.chosen)


def pareto_front(loss: Array, cost: Array, strictness: Array | None = None) -> Array:
    """Return the settings that no other beats in both loss and cost, by ascending loss.

    Their cost descends. To order the tests along this front is Pareto testing (Laufer-Goldshtein et
    al. 2023): each setting is the cheapest way to its loss, so no test is wasted.

    Args:
        loss: the mean loss of each setting, on the half that is not tested.
        cost: the mean cost; settings with NaN are left out.
        strictness: of equal settings, the one with the highest value is taken.

    >>> pareto_front(np.array([0.0, 0.0, 0.1, 0.2]), np.array([5.0, 4.0, 4.5, 1.0])).tolist()
    [1, 3]
    """
    strictness = np.zeros_like(cost) if strictness is None else strictness
    order = np.lexsort((-strictness, cost, loss))
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
    """Choose the cheapest setting whose mean loss is at most `harm`.

    The choice is wrong with a probability of at most `delta`. The settings of the Pareto front of
    the first half are tested in order on the other half until one fails; the last one that passed
    is the cheapest.

    Args:
        learn: mean loss and mean cost of each setting on the first half.
        test: the sum of the losses of each setting over the units of the held-out half.
        units: the number of independent units there.
        harm: the maximum mean loss.
        delta: the maximum probability of a wrong guarantee.
        exact: whether the loss of every unit is 0 or 1.
        baseline_cost: the cost of the last tier alone, whose loss is 0 by definition.
        strictness: of equal settings, the one with the highest value is taken.
    """
    loss, cost = learn
    sequence = pareto_front(loss, cost, strictness)
    return fixed_sequence(
        sequence, cost, test, units, harm, delta, exact=exact, baseline_cost=baseline_cost
    )


def fixed_sequence(
    sequence: Array,
    cost: Array,
    test: Array,
    units: int,
    harm: float,
    delta: float,
    *,
    exact: bool = True,
    baseline_cost: float = np.inf,
) -> Selection:
    """Test settings in a fixed order until one fails, and choose the cheapest that passed.

    With a probability of at least 1 - `delta` the mean loss of every setting that passes is at most
    `harm`, so that any of them may be chosen, by whatever is seen in the same questions.

    Args:
        sequence: the indices of the settings in an order that does not depend on `test`.
        cost: the mean cost of each setting; NaN is never chosen.
        test: the sum of the losses of each setting over the tested units.
        units: the number of tested units.
        harm: the maximum mean loss.
        delta: the maximum probability of a wrong guarantee.
        exact: whether the loss of every unit is 0 or 1.
        baseline_cost: the cost of the last tier alone, whose loss is 0 by definition.
    """
    p = p_values(test[sequence], units, harm, exact)
    num_passed = survivors(p, delta)
    passed = sequence[:num_passed]
    costs = np.where(np.isfinite(cost[passed]), cost[passed], np.inf)
    chosen = None
    if num_passed and costs.min() < baseline_cost:
        chosen = int(passed[costs.argmin()])
    return Selection(sequence, p, num_passed, chosen)
