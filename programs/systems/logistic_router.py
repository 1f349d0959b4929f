"""The logistic router: estimate each tier's score by a regression on the question's n-grams.

    q_m(x) = 1 / (1 + exp(-(b_m + v(x) . w_m)))
    tier = argmax over m of q_m(x) - lambda * c_m

This is the text-based router of Hu et al. (RouterBench, arXiv 2403.12031) and of Ding et al.
(Hybrid LLM, arXiv 2404.14618). It needs the score of every tier on the training questions, and the
question's text at run time; no call is made to decide.

Differences from the papers: character n-grams in place of a language model's embeddings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ...util.arrays import Array
from .ngram_logistic import NgramLogistic
from .outcomes import OutcomeTable
from .policy import Costs, FitOptions
from .router import Router, router_state, with_cost_weight
from .trained_kind import TrainedKind


class LogisticRouter(Router):
    """Estimate scores by one regression for each tier.

    Args:
        tiers: the tiers, the cheapest first.
        costs: the mean cost of a question by tier.
        models: the regression of each tier.
    """

    def __init__(self, tiers: Sequence[str], costs: Costs, models: Sequence[NgramLogistic]) -> None:
        super().__init__(tiers, costs)
        self.models = list(models)
        if len(self.models) != len(self.tiers):
            raise ValueError("there is not one regression for each tier")

    def estimate(self, questions: Sequence[str]) -> Array:
        return np.stack([model.probability(questions) for model in self.models], axis=1)

    @classmethod
    def fit_estimates(cls, train: OutcomeTable, options: FitOptions) -> Self:
        models = [NgramLogistic.fit(train.questions, scores) for scores in train.scores.T]
        return cls(train.tiers, train.mean_costs, models)

    def state(self) -> dict[str, Any]:
        return router_state(self, models=[model.state() for model in self.models])

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        models = [NgramLogistic.from_state(one) for one in state["models"]]
        return with_cost_weight(cls(tiers, costs, models), state)


LOGISTIC_ROUTER = TrainedKind("logistic-router", LogisticRouter)
