"""Routers: estimate each tier's score from the question's text alone, and ask one tier.

The rule of Hu et al. (RouterBench, arXiv 2403.12031) and of arXiv 2505.12601:

    tier = argmax over m of q_m(question) - lambda * c_m

with q the estimated score, and c the mean cost of a question by this tier.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ...util.arrays import Array
from .outcomes import OutcomeTable
from .policy import Decision, FitOptions, Policy, Seen

LAMBDAS = (0.0, *np.geomspace(0.01, 10, 301).round(6).tolist())
"""The prices of a unit of cost from which a fit chooses; 1 is the last tier's cost."""


class Router(Policy):
    """Ask the tier with the best estimated score less its cost.

    Attributes:
        cost_weight: lambda, the score that one unit of cost must bring.
    """

    cost_weight = 0.0

    @abstractmethod
    def estimate(self, questions: Sequence[str]) -> Array:
        """Return (questions, tiers): the estimated score of each tier, from 0 to 1."""

    @classmethod
    @abstractmethod
    def fit_estimates(cls, train: OutcomeTable, options: FitOptions) -> Self:
        """Learn the estimates from questions, without a cost weight."""

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        router = cls.fit_estimates(train, options)
        estimates = router.estimate(held.questions)
        router.cost_weight = best_cost_weight(estimates, router.costs, held, options.share)
        return router

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        estimates = self.estimate(questions)
        chosen = route(estimates, self.costs, self.cost_weight)
        decisions = []
        for row, place in enumerate(chosen):
            tier = self.tiers[place]
            estimate = float(np.clip(estimates[row, place], 0, 1))
            decisions.append(Decision(tier, tier in seen[row], estimate))
        return decisions


def route(estimates: Array, costs: Array, cost_weight: float) -> Array:
    """Return (questions,): the position of the tier with the best score less cost.

    Of equal ones it is the cheaper tier.

    Args:
        estimates: (questions, tiers).
        costs: (tiers,).
        cost_weight: lambda.

    >>> route(np.array([[0.5, 0.9], [0.8, 0.9]]), np.array([0.0, 1.0]), 0.2).tolist()
    [1, 0]
    """
    order = np.argsort(costs, kind="stable")
    values = np.round(estimates - cost_weight * costs, 9)[:, order]
    return order[values.argmax(axis=1)]


def best_cost_weight(estimates: Array, costs: Array, held: OutcomeTable, share: float) -> float:
    """Return the lambda with the highest accuracy among those within the cost.

    Args:
        estimates: (questions, tiers) for the questions of `held`.
        costs: (tiers,) the mean costs.
        held: questions that the estimates were not fitted on.
        share: the highest mean cost of a question.

    Returns:
        The largest of equally good ones; the cheapest if none is within the cost.
    """
    rows = np.arange(len(held))
    best: tuple[bool, float, float] | None = None
    chosen = LAMBDAS[-1]
    for cost_weight in LAMBDAS:
        tiers = route(estimates, costs, cost_weight)
        cost = float(held.costs[rows, tiers].mean())
        within = cost <= share + 1e-9
        merit = (within, round(float(held.scores[rows, tiers].mean()) if within else 0.0, 9), -cost)
        if best is None or merit >= best:
            best, chosen = merit, cost_weight
    return chosen


def router_state(router: Router, **learned: Any) -> dict[str, Any]:
    """Return what a router learned as plain data, with its cost weight."""
    return {"cost_weight": router.cost_weight, **learned}


def with_cost_weight(router: Any, state: Mapping[str, Any]) -> Any:
    """Return the router with the cost weight of a state."""
    router.cost_weight = float(state["cost_weight"])
    return router
