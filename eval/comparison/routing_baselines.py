"""Compare a system with two baselines: random routing, and routing by an oracle.

Both start at the best system of the comparison that never asks the last tier, for example the small
tier alone or its votes. Random routing sends each question to the last tier with a fixed
probability and to the start otherwise, before any model is asked. Its accuracy and cost are on the
straight line between the two, and a system that is not above this line routes no better than a
coin. The oracle asks the start, and then the last tier only for the questions that the start
answers incorrectly and the last tier correctly. No system that takes one of these two answers is
better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...stats.bootstrap import Estimate
from ...stats.resampling import Resampling
from ...util.arrays import Array
from .systems import SystemScores

Number = float | Array
"""A number, or an array of them, such as one for each draw of the bootstrap."""

_TOLERANCE = 1e-12  # below which floats count as equal


@dataclass(frozen=True)
class RoutingBaselines:
    """A system compared with the two baselines, by one cost measure.

    Accuracies are shares, and costs are means of a question.

    Attributes:
        start: the name of the system at which both baselines start.
        questions: number of questions with a result of the system, the start and the last tier.
        accuracy: the accuracy of the system.
        cost: the cost of the system.
        random_cost: the cost of the cheapest mixture of the start and the last tier that is as
            accurate as the system; infinite if there is none.
        random_accuracy: the accuracy of the best mixture that costs no more than the system; minus
            infinity if there is none.
        gain: the accuracy of the system minus that of this mixture.
        oracle_accuracy: the accuracy of the oracle that escalates as many of its questions as the
            cost of the system allows.
        oracle_gap_closed: the gain as a share of the distance between mixture and oracle.
        oracle: accuracy and cost of the oracle that escalates all its questions.
    """

    start: str
    questions: int
    accuracy: Estimate
    cost: Estimate
    random_cost: Estimate
    random_accuracy: Estimate
    gain: Estimate
    oracle_accuracy: Estimate
    oracle_gap_closed: Estimate
    oracle: tuple[Estimate, Estimate]

    def as_dict(self) -> dict[str, Any]:
        """Return the baselines as plain data."""
        accuracy, cost = self.oracle
        return {
            "start": self.start,
            "questions": self.questions,
            "accuracy": self.accuracy.as_dict(),
            "cost": self.cost.as_dict(),
            "random_cost": self.random_cost.as_dict(),
            "random_accuracy": self.random_accuracy.as_dict(),
            "gain": self.gain.as_dict(),
            "oracle_accuracy": self.oracle_accuracy.as_dict(),
            "closed": self.oracle_gap_closed.as_dict(),
            "oracle": {"accuracy": accuracy.as_dict(), "cost": cost.as_dict()},
        }


def cheapest_mixture(
    accuracies: tuple[Number, Number], costs: tuple[Number, Number], target: Number
) -> Number:
    """Return the cost of the cheapest mixture of two systems with at least the target accuracy.

    Args:
        accuracies: the accuracies of the two systems.
        costs: their costs.
        target: the accuracy.

    Returns:
        Infinite if there is no such mixture.

    >>> float(cheapest_mixture((0.5, 1.0), (0.0, 100.0), 0.75))
    50.0
    """
    (a, b), (low, high) = accuracies, costs
    enough = np.asarray(target) - _TOLERANCE
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.true_divide(target - a, b - a)
        between = np.where((share >= 0) & (share <= 1), low + share * (high - low), np.inf)
    ends = np.minimum(np.where(a >= enough, low, np.inf), np.where(b >= enough, high, np.inf))
    return np.minimum(ends, between)


def best_mixture(
    accuracies: tuple[Number, Number], costs: tuple[Number, Number], budget: Number
) -> Number:
    """Return the accuracy of the best mixture of two systems that costs at most the budget.

    Args:
        accuracies: the accuracies of the two systems.
        costs: their costs.
        budget: the cost.

    Returns:
        Minus infinity if there is no such mixture.

    >>> float(best_mixture((0.5, 1.0), (0.0, 100.0), 50.0))
    0.75
    """
    (a, b), (low, high) = accuracies, costs
    return -cheapest_mixture((-low, -high), (-a, -b), -budget)


def oracle_accuracy(
    start: tuple[Number, Number], oracle: tuple[Number, Number], budget: Number
) -> Number:
    """Return the accuracy of the oracle that escalates as many questions as the budget allows.

    Args:
        start: accuracy and cost of the start, where the oracle escalates no question.
        oracle: accuracy and cost of the oracle that escalates all its questions.
        budget: the cost.

    Returns:
        Minus infinity if the budget is below the cost of the start.
    """
    (a, low), (b, high) = start, oracle
    budget = np.asarray(budget, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.true_divide(budget - low, np.subtract(high, low))
        share = np.where(np.greater(high, low), np.clip(share, 0, 1), 1.0)
    return np.where(budget >= low - _TOLERANCE, a + share * (b - a), -np.inf)


def compare_to_routing_baselines(
    system: SystemScores,
    starts: Sequence[SystemScores],
    last_tier: SystemScores,
    measure: str,
    resampling: Resampling,
) -> RoutingBaselines | None:
    """Compare a system with the two baselines.

    The baselines start at that system of `starts` whose mixture with the last tier is the most
    accurate at the system's cost.

    Args:
        system: the system.
        starts: systems that never ask the last tier. The system itself may be among them; it is not
            its own start.
        last_tier: the last tier alone.
        measure: one of `MEASURES`.
        resampling: the options of the bootstrap.

    Returns:
        None if the system costs nothing by this measure, or there is no start of known cost.
    """
    starts = [start for start in starts if start is not system]
    keys = list(system.questions)
    for other in (*starts, last_tier):
        keys = [key for key in keys if key in other.questions]
    starts = [start for start in starts if start.is_known(measure, keys)]
    are_known = system.is_known(measure, keys) and last_tier.is_known(measure, keys)
    if not keys or not starts or not are_known or not system.costs(measure, keys).any():
        return None
    start = _best_start(starts, system, last_tier, measure, keys)
    sums = resampling.sums(_columns(system, start, last_tier, measure, keys), keys)
    estimates = sums.estimates(_statistics)
    oracle = estimates.pop("all_accuracy"), estimates.pop("all_cost")
    return RoutingBaselines(start.name, len(keys), **estimates, oracle=oracle)


def _best_start(
    starts: Sequence[SystemScores],
    system: SystemScores,
    last_tier: SystemScores,
    measure: str,
    keys: list[str],
) -> SystemScores:
    """Return the start of the best mixture that costs no more than the system.

    It is the cheapest start if no mixture is that cheap.
    """
    budget = system.costs(measure, keys).mean()
    last_accuracy = last_tier.scores(keys).mean()
    last_cost = last_tier.costs(measure, keys).mean()

    def merit(start: SystemScores) -> tuple[float, float]:
        accuracy, cost = start.scores(keys).mean(), start.costs(measure, keys).mean()
        mixture = best_mixture((accuracy, last_accuracy), (cost, last_cost), budget)
        return float(mixture), -float(cost)

    return max(starts, key=merit)


def _columns(
    system: SystemScores,
    start: SystemScores,
    last_tier: SystemScores,
    measure: str,
    keys: list[str],
) -> dict[str, Array]:
    """Return the columns of the bootstrap, (questions,) each; `all_` marks the oracle."""
    start_right, last_right = start.scores(keys), last_tier.scores(keys)
    start_cost, last_cost = start.costs(measure, keys), last_tier.costs(measure, keys)
    escalates = ~start.right(keys) & last_tier.right(keys)
    return {
        "n": np.ones(len(keys)),
        "right": system.scores(keys),
        "cost": system.costs(measure, keys),
        "start_right": start_right,
        "start_cost": start_cost,
        "large_right": last_right,
        "large_cost": last_cost,
        "all_right": np.where(escalates, last_right, start_right),
        "all_cost": start_cost + np.where(escalates, last_cost, 0.0),
    }


def _statistics(sums: Mapping[str, Number]) -> dict[str, Number]:
    """Return the accuracies and costs of system and baselines for sums of the columns."""
    mean = {name: total / sums["n"] for name, total in sums.items()}
    accuracies = mean["start_right"], mean["large_right"]
    costs = mean["start_cost"], mean["large_cost"]
    start = mean["start_right"], mean["start_cost"]
    oracle = mean["all_right"], mean["all_cost"]
    random = best_mixture(accuracies, costs, mean["cost"])
    best = oracle_accuracy(start, oracle, mean["cost"])
    gain = mean["right"] - random
    with np.errstate(divide="ignore", invalid="ignore"):
        gap_closed = np.true_divide(gain, best - random)
    return {
        "accuracy": mean["right"],
        "cost": mean["cost"],
        "random_cost": cheapest_mixture(accuracies, costs, mean["right"]),
        "random_accuracy": random,
        "gain": gain,
        "oracle_accuracy": best,
        "oracle_gap_closed": gap_closed,
        "all_accuracy": mean["all_right"],
        "all_cost": mean["all_cost"],
    }
