"""RouteLLM (Ong et al., arXiv 2406.18665): the strong model where it is likely to win.

    strong if P(strong wins | question) >= threshold

The threshold is a quantile of these probabilities, so that a wanted share of questions is sent to
the strong model. The weak model is the first tier, the strong one the last tier. It needs the
scores of both on the training questions; no call is made to decide.

Differences from the paper: P is a logistic regression on character n-grams, where RouteLLM offers
matrix factorization, BERT and others on top of human preferences. The strong model wins where its
score is higher; where both are equal, it wins half a game.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ...util.arrays import Array
from .ngram_logistic import NgramLogistic
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen
from .trained_kind import TrainedKind


class RouteLLM(Policy):
    """Route between two tiers by the probability that the strong one wins.

    Args:
        tiers: the weak and the strong tier.
        costs: the mean cost of a question by tier.
        threshold: the lowest probability at which the strong tier is asked.
        model: estimates it.
    """

    def __init__(
        self, tiers: Sequence[str], costs: Costs, threshold: float, model: NgramLogistic
    ) -> None:
        super().__init__(tiers, costs)
        self.threshold, self.model = float(threshold), model

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        ends = [0, len(train.tiers) - 1]
        wins = (1 + train.scores[:, -1] - train.scores[:, 0]) / 2
        model = NgramLogistic.fit(train.questions, wins)
        threshold = threshold_for_share(model.probability(held.questions), options.share)
        tiers = [train.tiers[end] for end in ends]
        return cls(tiers, train.mean_costs[ends], threshold, model)

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        wins = self.model.probability(questions)
        decisions = []
        for row, probability in enumerate(wins):
            tier = self.tiers[int(probability >= self.threshold)]
            decisions.append(Decision(tier, tier in seen[row]))
        return decisions

    def state(self) -> dict[str, Any]:
        return {"threshold": self.threshold, "model": self.model.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        model = NgramLogistic.from_state(state["model"])
        return cls(tiers, costs, state["threshold"], model)


def threshold_for_share(scores: Array, share: float) -> float:
    """Return the threshold that a share of the scores reaches, at most.

    >>> threshold_for_share(np.array([0.1, 0.2, 0.3, 0.4]), 0.5)
    0.3
    """
    descending = np.sort(scores)[::-1]
    count = int(share * len(scores) + 1e-9)
    if count == 0:
        return float(np.nextafter(descending[0], 2.0))
    if count < len(descending) and descending[count] == descending[count - 1]:
        above = descending[descending > descending[count]]  # ties would exceed the share
        return float(above[-1]) if above.size else float(np.nextafter(descending[0], 2.0))
    return float(descending[count - 1])


ROUTELLM = TrainedKind("routellm", RouteLLM)
