"""What a system is held against at equal accuracy or cost: questions sent to small or large at random, and by an oracle.

Random escalation sends each question to the large tier with a fixed chance and to the small tier otherwise, before anything
is asked. Its accuracy and cost lie on the straight line between small alone and large alone, and a system that is not above
it routes no better than a coin. The oracle asks small, and then large on just the questions that small gets wrong and large
right: no system that takes one of these two answers does better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..measures import LARGE, SMALL
from .bootstrap import Estimate, Sums, resample
from .systems import System

Array = np.ndarray[Any, Any]
_SLACK = 1e-12  # of equal floats


@dataclass(frozen=True)
class Beside:
    """A system beside the two lines, by one measure of cost; accuracies are shares, costs means for one question.

    Attributes:
        questions: those with an outcome of the system, of small and of large.
        accuracy: of the system.
        cost: of the system.
        random_cost: of the cheapest mixture of small and large that is as accurate; infinite where none is.
        random_accuracy: of the best mixture that costs no more; minus infinite where none is that cheap.
        gain: accuracy above that mixture's.
        oracle_accuracy: of the oracle that escalates as many of its questions as this cost pays for.
        closed: share of the way from the mixture to the oracle, at this cost.
        oracle: accuracy and cost of the oracle that escalates all its questions.
    """

    questions: int
    accuracy: Estimate
    cost: Estimate
    random_cost: Estimate
    random_accuracy: Estimate
    gain: Estimate
    oracle_accuracy: Estimate
    closed: Estimate
    oracle: tuple[Estimate, Estimate]

    def as_dict(self) -> dict[str, Any]:
        plain = {name: value.as_dict() for name, value in vars(self).items() if isinstance(value, Estimate)}
        oracle = {name: value.as_dict() for name, value in zip(("accuracy", "cost"), self.oracle, strict=True)}
        return {"questions": self.questions, **plain, "oracle": oracle}


def cheapest(accuracies: tuple[Any, Any], costs: tuple[Any, Any], target: Any) -> Any:
    """Cost of the cheapest mixture of two systems whose accuracy is at least the target; infinite where there is none.

    Args:
        accuracies: of the two, numbers or arrays.
        costs: likewise.
        target: likewise.

    >>> float(cheapest((0.5, 1.0), (0.0, 100.0), 0.75))
    50.0
    """
    (a, b), (low, high) = accuracies, costs
    enough = np.asarray(target) - _SLACK
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (target - a) / (b - a)
        between = np.where((share >= 0) & (share <= 1), low + share * (high - low), np.inf)
    ends = np.minimum(np.where(a >= enough, low, np.inf), np.where(b >= enough, high, np.inf))
    return np.minimum(ends, between)


def most_accurate(accuracies: tuple[Any, Any], costs: tuple[Any, Any], budget: Any) -> Any:
    """Accuracy of the best mixture of two systems that costs at most the budget; minus infinite where there is none.

    >>> float(most_accurate((0.5, 1.0), (0.0, 100.0), 50.0))
    0.75
    """
    (a, b), (low, high) = accuracies, costs
    return -cheapest((-low, -high), (-a, -b), -budget)


def oracle_accuracy(small: tuple[Any, Any], oracle: tuple[Any, Any], budget: Any) -> Any:
    """Accuracy of the oracle that escalates as many of its questions as the budget pays for.

    Args:
        small: accuracy and cost of small alone, where it escalates none.
        oracle: of the oracle that escalates all.
        budget: the cost; below that of small alone there is no such oracle (minus infinite).
    """
    (a, low), (b, high) = small, oracle
    budget = np.asarray(budget, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, np.clip((budget - low) / (high - low), 0, 1), 1.0)
    return np.where(budget >= low - _SLACK, a + share * (b - a), -np.inf)


def beside(
    system: System, small: System, large: System, measure: str, groups: Mapping[str, str] | None, **how: Any
) -> Beside | None:
    """Hold a system against the two lines; None where no question has all three outcomes.

    Args:
        system: what is held against them.
        small: the small tier alone.
        large: the large tier alone.
        measure: one of `MEASURES` that is known of all three.
        groups: by a question's key, what it belongs to.
        how: `draws` and `seed` of `resample`.
    """
    keys = [key for key in system.questions if key in small.questions and key in large.questions]
    if not keys:
        return None
    columns = _columns(system, small, large, measure, keys)
    sums = resample(columns, np.array([groups[key] for key in keys]) if groups else None, **how)
    figures = {name: sums.estimate(lambda s, name=name: _figures(s)[name]) for name in _figures(columns_of(sums))}
    oracle = figures.pop("all_accuracy"), figures.pop("all_cost")
    return Beside(len(keys), **figures, oracle=oracle)


def columns_of(sums: Sums) -> dict[str, Any]:
    return {name: np.float64(value) for name, value in sums.total.items()}


def _columns(system: System, small: System, large: System, measure: str, keys: list[str]) -> dict[str, Array]:
    """What the figures are made of, by question."""
    rescued = ~small.right(keys) & large.right(keys)
    return {
        "n": np.ones(len(keys)),
        "right": system.scores(keys), "cost": system.costs(measure, keys),
        "small_right": small.scores(keys), "small_cost": small.costs(measure, keys),
        "large_right": large.scores(keys), "large_cost": large.costs(measure, keys),
        "all_right": np.where(rescued, large.scores(keys), small.scores(keys)),
        "all_cost": small.costs(measure, keys) + np.where(rescued, large.costs(measure, keys), 0.0),
    }  # fmt: skip


def _figures(s: Mapping[str, Any]) -> dict[str, Any]:
    mean = {name: s[name] / s["n"] for name in s}
    accuracies, costs = (mean["small_right"], mean["large_right"]), (mean["small_cost"], mean["large_cost"])
    small, oracle = (accuracies[0], costs[0]), (mean["all_right"], mean["all_cost"])
    at_random = most_accurate(accuracies, costs, mean["cost"])
    by_oracle = oracle_accuracy(small, oracle, mean["cost"])
    gain = mean["right"] - at_random
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = gain / (by_oracle - at_random)
    return {
        "accuracy": mean["right"], "cost": mean["cost"], "random_cost": cheapest(accuracies, costs, mean["right"]),
        "random_accuracy": at_random, "gain": gain, "oracle_accuracy": by_oracle, "closed": closed,
        "all_accuracy": oracle[0], "all_cost": oracle[1],
    }  # fmt: skip


def known_to(measure: str, systems: Mapping[str, System]) -> bool:
    """Whether small, large and the measure on both are there, so that there are lines."""
    return all(name in systems and systems[name].knows(measure) for name in (SMALL, LARGE))
