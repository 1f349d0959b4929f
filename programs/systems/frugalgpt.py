"""FrugalGPT (Chen, Zaharia and Zou, arXiv 2305.05176): a chain of tiers, with a scorer of answers.

The tiers of the chain are asked in order. The answer of tier i is accepted where

    g_i(question, answer) >= threshold_i

and the last tier's answer always. Chain (up to three tiers) and thresholds maximize the accuracy on
questions of their own, with a mean cost within the budget. It needs the answers and scores of all
tiers on the training questions.

Differences from the paper: the scorer is a logistic regression on the character n-grams of question
and answer, where the paper fine-tunes DistilBERT, and the share of a tier's samples that vote for
the answer is a feature too. The published code fits scorer and thresholds on the same questions,
which is optimistic; here they are apart. Thresholds are searched on a grid of quantiles.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple, Self

import numpy as np

from ...util.arrays import Array
from .ngram_logistic import NgramLogistic
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen
from .trained_kind import TrainedKind

DEPTH = 3
"""Most tiers in a chain."""

_QUANTILES = np.linspace(0, 1, 21)


class Chain(NamedTuple):
    """Tiers by position in the order in which they are asked, with a threshold for all but one."""

    tiers: tuple[int, ...]
    thresholds: tuple[float, ...]


class FrugalGPT(Policy):
    """Ask the tiers of a chain until a scorer accepts an answer.

    Args:
        tiers: the tiers of the chain in order.
        costs: the mean cost of a question by tier.
        thresholds: one for each tier but the last.
        scorers: one for each tier but the last.
    """

    def __init__(
        self,
        tiers: Sequence[str],
        costs: Costs,
        thresholds: Sequence[float],
        scorers: Sequence[NgramLogistic],
    ) -> None:
        super().__init__(tiers, costs)
        self.thresholds, self.scorers = tuple(thresholds), list(scorers)
        if not len(self.tiers) - 1 == len(self.thresholds) == len(self.scorers):
            raise ValueError("there is not one scorer and threshold for each tier but the last")

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        order = [int(place) for place in np.argsort(train.mean_costs, kind="stable")]
        scorers: dict[int, NgramLogistic] = {}
        scores = np.zeros((len(held), len(held.tiers)))
        for tier in order[:-1]:
            texts, numbers = _features(train.questions, _answers_of(train, tier))
            scorers[tier] = NgramLogistic.fit(texts, train.scores[:, tier], numbers)
            scores[:, tier] = score_answers(scorers[tier], held.questions, _answers_of(held, tier))
        chain = best_chain(scores, held, order, options.share)
        return cls(
            [train.tiers[tier] for tier in chain.tiers],
            train.mean_costs[list(chain.tiers)],
            chain.thresholds,
            [scorers[tier] for tier in chain.tiers[:-1]],
        )

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        decisions: list[Decision | None] = [None] * len(questions)
        for place, tier in enumerate(self.tiers):
            rows = [row for row, one in enumerate(seen) if len(one) == place]
            for row in rows:
                decisions[row] = Decision(tier, is_final=False)
            self._accept(place - 1, rows, questions, seen, decisions)
        for row, decision in enumerate(decisions):
            if decision is None:  # all tiers answered
                decisions[row] = Decision(self.tiers[-1], is_final=True)
        return [decision for decision in decisions if decision is not None]

    def _accept(
        self,
        place: int,
        rows: list[int],
        questions: Sequence[str],
        seen: Sequence[Seen],
        decisions: list[Decision | None],
    ) -> None:
        """Accept the answers of the tier at a place that reach its threshold."""
        if place < 0 or not rows:
            return
        tier = self.tiers[place]
        answers = [(seen[row][tier].answer, seen[row][tier].confidence) for row in rows]
        scores = score_answers(self.scorers[place], [questions[row] for row in rows], answers)
        for row, score in zip(rows, scores, strict=True):
            if score >= self.thresholds[place]:
                decisions[row] = Decision(tier, is_final=True, confidence=float(score))

    def state(self) -> dict[str, Any]:
        return {
            "thresholds": list(self.thresholds),
            "scorers": [scorer.state() for scorer in self.scorers],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        thresholds = [float(threshold) for threshold in state["thresholds"]]
        scorers = [NgramLogistic.from_state(one) for one in state["scorers"]]
        return cls(tiers, costs, thresholds, scorers)


Answered = Sequence[tuple[str | None, float]]
"""Answers with their confidence."""


def _answers_of(table: OutcomeTable, tier: int) -> Answered:
    """Return the answers of a tier."""
    return list(zip(table.answers[:, tier], table.confidence[:, tier], strict=True))


def _features(questions: Sequence[str], answers: Answered) -> tuple[list[str], Array]:
    """Return the text and the numbers that a scorer sees of each answer."""
    texts = []
    for question, (answer, _) in zip(questions, answers, strict=True):
        texts.append(f"{question}\n{answer or ''}")
    return texts, np.array([[confidence] for _, confidence in answers])


def score_answers(scorer: NgramLogistic, questions: Sequence[str], answers: Answered) -> Array:
    """Return (questions,): the probability that each answer is right; 0 without an answer."""
    texts, numbers = _features(questions, answers)
    has_answer = np.array([answer is not None for answer, _ in answers])
    return np.where(has_answer, scorer.probability(texts, numbers), 0.0)


def best_chain(scores: Array, held: OutcomeTable, order: Sequence[int], share: float) -> Chain:
    """Return the most accurate chain within the cost, the cheapest of equally accurate ones.

    Args:
        scores: (questions, tiers) the scorers' values on the questions of `held`.
        held: questions that the scorers were not fitted on.
        order: the tiers by position, the cheapest first.
        share: the highest mean cost of a question. If no chain is within it, the cheapest counts.
    """
    best: tuple[tuple[bool, float, float], Chain] | None = None
    for depth in range(1, DEPTH + 1):
        for tiers in combinations(order, depth):
            grids = [np.unique(np.quantile(scores[:, tier], _QUANTILES)) for tier in tiers[:-1]]
            for thresholds in product(*grids):
                accuracy, cost = chain_figures(scores, held, Chain(tiers, thresholds))
                within = cost <= share + 1e-9
                merit = (within, round(accuracy, 9) if within else 0.0, -cost)
                if best is None or merit > best[0]:
                    exact = tuple(float(threshold) for threshold in thresholds)
                    best = merit, Chain(tiers, exact)
    assert best is not None
    return best[1]


def chain_figures(scores: Array, held: OutcomeTable, chain: Chain) -> tuple[float, float]:
    """Return the accuracy and the mean cost of a chain.

    Args:
        scores: (questions, tiers) the scorers' values.
        held: the questions.
        chain: the tiers and thresholds.
    """
    is_open = np.ones(len(held), dtype=bool)
    right = cost = 0.0
    for place, tier in enumerate(chain.tiers):
        cost += float(held.costs[is_open, tier].sum())
        accepted = is_open.copy()
        if place < len(chain.thresholds):
            accepted &= scores[:, tier] >= chain.thresholds[place]
        right += float(held.scores[accepted, tier].sum())
        is_open &= ~accepted
    return right / len(held), cost / len(held)


FRUGALGPT = TrainedKind("frugalgpt", FrugalGPT)
