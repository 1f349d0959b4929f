"""What a system is held against at equal accuracy or cost: questions sent to the last tier at random, and by an oracle.

Both start at the best system here that never asks the last tier: the small tier alone, or its votes where they are better.
Random escalation sends each question to the last tier with a fixed chance and to the start otherwise, before anything is
asked. Its accuracy and cost lie on the straight line between the two, and a system that is not above it routes no better
than a coin. The oracle asks the start, and then the last tier on just the questions that the start gets
wrong and the last tier right: no system that takes one of these two answers does better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...stats.bootstrap import Estimate, Sums, resample
from ...stats.clustered import group_labels
from ...util.arrays import Array
from .systems import SystemScores

_TOLERANCE = 1e-12  # of equal floats


@dataclass(frozen=True)
class RoutingBaselines:
    """A system beside the two lines, by one measure of cost; accuracies are shares, costs means for one question.

    Attributes:
        start: the system that never asks the last tier and from which both lines start.
        questions: those with an outcome of the system, of the start and of the last tier.
        accuracy: of the system.
        cost: of the system.
        random_cost: of the cheapest mixture of the start and the last tier that is as accurate; infinite where none is.
        random_accuracy: of the best mixture that costs no more; minus infinite where none is that cheap.
        gain: accuracy above that mixture's.
        oracle_accuracy: of the oracle that escalates as many of its questions as this cost pays for.
        oracle_gap_closed: share of the way from the mixture to the oracle, at this cost.
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


def cheapest_mixture(accuracies: tuple[Any, Any], costs: tuple[Any, Any], target: Any) -> Any:
    """Cost of the cheapest mixture of two systems whose accuracy is at least the target; infinite where there is none.

    Args:
        accuracies: of the two, numbers or arrays.
        costs: likewise.
        target: likewise.

    >>> float(cheapest_mixture((0.5, 1.0), (0.0, 100.0), 0.75))
    50.0
    """
    (a, b), (low, high) = accuracies, costs
    enough = np.asarray(target) - _TOLERANCE
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (target - a) / (b - a)
        between = np.where((share >= 0) & (share <= 1), low + share * (high - low), np.inf)
    ends = np.minimum(np.where(a >= enough, low, np.inf), np.where(b >= enough, high, np.inf))
    return np.minimum(ends, between)


def best_mixture(accuracies: tuple[Any, Any], costs: tuple[Any, Any], budget: Any) -> Any:
    """Accuracy of the best mixture of two systems that costs at most the budget; minus infinite where there is none.

    >>> float(best_mixture((0.5, 1.0), (0.0, 100.0), 50.0))
    0.75
    """
    (a, b), (low, high) = accuracies, costs
    return -cheapest_mixture((-low, -high), (-a, -b), -budget)


def oracle_accuracy(start: tuple[Any, Any], oracle: tuple[Any, Any], budget: Any) -> Any:
    """Accuracy of the oracle that escalates as many of its questions as the budget pays for.

    Args:
        start: accuracy and cost of the system that it starts at, where it escalates none.
        oracle: of the oracle that escalates all.
        budget: the cost; below that of the start there is no such oracle (minus infinite).
    """
    (a, low), (b, high) = start, oracle
    budget = np.asarray(budget, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, np.clip((budget - low) / (high - low), 0, 1), 1.0)
    return np.where(budget >= low - _TOLERANCE, a + share * (b - a), -np.inf)


def compare_to_routing_baselines(
    system: SystemScores,
    starts: Sequence[SystemScores],
    large: SystemScores,
    measure: str,
    groups: Mapping[str, str] | None,
    **how: Any,
) -> RoutingBaselines | None:
    """Hold a system against the two lines; None where it spends nothing of what is measured, or there are no lines.

    Of the starts it is that whose mixture with the last tier is the most accurate at the system's cost.

    Args:
        system: what is held against them.
        starts: systems that never ask the last tier; the system itself may be among them, and is no start of its own.
        large: the last tier alone.
        measure: one of `MEASURES`.
        groups: by a question's key, what it belongs to.
        how: `draws` and `seed` of `resample`.
    """
    starts = [start for start in starts if start is not system]
    keys = [
        key for key in system.questions if all(key in one.questions for one in (*starts, large))
    ]
    known = [start for start in starts if np.isfinite(start.costs(measure, keys)).all()]
    if (
        not keys
        or not known
        or not all(np.isfinite(one.costs(measure, keys)).all() for one in (system, large))
    ):
        return None
    if not system.costs(measure, keys).any():
        return None
    start = _best_start(known, system, large, measure, keys)
    columns = _columns(system, start, large, measure, keys)
    sums = resample(columns, group_labels(keys, groups), **how)
    figures = {
        name: sums.estimate(lambda s, name=name: _statistics(s)[name])
        for name in _statistics(total_columns(sums))
    }
    oracle = figures.pop("all_accuracy"), figures.pop("all_cost")
    return RoutingBaselines(start.name, len(keys), **figures, oracle=oracle)


def _best_start(
    starts: Sequence[SystemScores],
    system: SystemScores,
    large: SystemScores,
    measure: str,
    keys: list[str],
) -> SystemScores:
    """The start of the best mixture that costs no more than the system; the cheapest where none is that cheap."""
    budget = system.costs(measure, keys).mean()
    top, dear = large.scores(keys).mean(), large.costs(measure, keys).mean()

    def merit(start: SystemScores) -> tuple[float, float]:
        accuracy, cost = start.scores(keys).mean(), start.costs(measure, keys).mean()
        return float(best_mixture((accuracy, top), (cost, dear), budget)), -float(cost)

    return max(starts, key=merit)


def total_columns(sums: Sums) -> dict[str, Any]:
    return {name: np.float64(value) for name, value in sums.total.items()}


def _columns(
    system: SystemScores, start: SystemScores, large: SystemScores, measure: str, keys: list[str]
) -> dict[str, Array]:
    """What the figures are made of, by question."""
    rescued = ~start.right(keys) & large.right(keys)
    return {
        "n": np.ones(len(keys)),
        "right": system.scores(keys),
        "cost": system.costs(measure, keys),
        "start_right": start.scores(keys),
        "start_cost": start.costs(measure, keys),
        "large_right": large.scores(keys),
        "large_cost": large.costs(measure, keys),
        "all_right": np.where(rescued, large.scores(keys), start.scores(keys)),
        "all_cost": start.costs(measure, keys) + np.where(rescued, large.costs(measure, keys), 0.0),
    }


def _statistics(s: Mapping[str, Any]) -> dict[str, Any]:
    mean = {name: s[name] / s["n"] for name in s}
    accuracies, costs = (
        (mean["start_right"], mean["large_right"]),
        (mean["start_cost"], mean["large_cost"]),
    )
    start, oracle = (accuracies[0], costs[0]), (mean["all_right"], mean["all_cost"])
    at_random = best_mixture(accuracies, costs, mean["cost"])
    by_oracle = oracle_accuracy(start, oracle, mean["cost"])
    gain = mean["right"] - at_random
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = gain / (by_oracle - at_random)
    return {
        "accuracy": mean["right"],
        "cost": mean["cost"],
        "random_cost": cheapest_mixture(accuracies, costs, mean["right"]),
        "random_accuracy": at_random,
        "gain": gain,
        "oracle_accuracy": by_oracle,
        "oracle_gap_closed": closed,
        "all_accuracy": oracle[0],
        "all_cost": oracle[1],
    }
