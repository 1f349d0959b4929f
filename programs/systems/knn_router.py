"""The k-nearest-neighbors router (arXiv 2505.12601), which matches or beats learned routers.

The estimated score of a tier is its mean score on the k training questions that are most similar:

    q_m(x) = 1/k * sum of s_m(x_i) over the k nearest x_i
    tier = argmax over m of q_m(x) - lambda * c_m

It needs the score of every tier on the training questions, and the question's text at run time; no
call is made to decide. k is the one with the least squared error in a cross-validation.

Differences from the paper: similarity is the cosine of TF-IDF vectors of character n-grams, where
the paper takes sentence embeddings, so that no embedding model is needed.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from ...errors import CopeError
from ...util.arrays import Array
from ..ngram_vectors import (
    inverse_frequencies,
    normalize_text,
    similarities,
    sparse_rows,
    tfidf,
    unit_rows,
)
from .outcomes import OutcomeTable
from .policy import Costs, FitOptions
from .router import Router, router_state, with_cost_weight
from .trained_kind import TrainedKind

NEIGHBORS = (5, 10, 20, 40, 70, 100)
FOLDS = 5
_DIGITS = 6  # of a similarity, because later digits differ from machine to machine


class KNNRouter(Router):
    """Estimate scores by those of the nearest training questions.

    Args:
        tiers: the tiers, the cheapest first.
        costs: the mean cost of a question by tier.
        k: number of neighbors.
        questions: the training questions.
        scores: (questions, tiers) their scores.
    """

    def __init__(
        self,
        tiers: Sequence[str],
        costs: Costs,
        k: int,
        questions: Sequence[str],
        scores: Array,
    ) -> None:
        super().__init__(tiers, costs)
        self.k, self.questions, self.scores = k, list(questions), np.asarray(scores, dtype=float)
        if self.scores.shape != (len(self.questions), len(self.tiers)) or not k >= 1:
            raise ValueError("the questions and scores of the neighbors do not fit")

    @cached_property
    def _frequencies(self) -> Array:
        return inverse_frequencies(sparse_rows(self.questions), len(self.questions))

    @cached_property
    def _vectors(self) -> Any:
        return tfidf(self.questions, self._frequencies)

    def estimate(self, questions: Sequence[str]) -> Array:
        similarity = similarities(tfidf(questions, self._frequencies), self._vectors)
        return neighbor_means(similarity, self.scores, (self.k,))[0]

    @classmethod
    def fit_estimates(cls, train: OutcomeTable, options: FitOptions) -> Self:
        if len(train) < 2 * FOLDS:
            raise CopeError(
                f"{len(train)} questions are too few for neighbors: train on {2 * FOLDS} or more"
            )
        k = cross_validated_k(train, options.seed)
        texts = [normalize_text(question) for question in train.questions]
        return cls(train.tiers, train.mean_costs, k, texts, train.scores)

    def state(self) -> dict[str, Any]:
        scores = self.scores.round(6).tolist()
        return router_state(self, k=self.k, questions=self.questions, scores=scores)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        scores = np.array(state["scores"], dtype=float)
        questions = [str(question) for question in state["questions"]]
        return with_cost_weight(cls(tiers, costs, int(state["k"]), questions, scores), state)


def neighbor_means(similarity: Array, scores: Array, sizes: Sequence[int]) -> list[Array]:
    """Return (questions, tiers) for each k: the mean scores of the k most similar questions.

    Args:
        similarity: (questions, training questions).
        scores: (training questions, tiers).
        sizes: the numbers of neighbors; more than there are count as all.

    >>> similarity = np.array([[0.9, 0.1, 0.5]])
    >>> neighbor_means(similarity, np.array([[1.0], [0.0], [0.0]]), (2,))[0].tolist()
    [[0.5]]
    """
    order = np.argsort(-similarity.round(_DIGITS), axis=1, kind="stable")[:, : max(sizes)]
    totals = scores[order].cumsum(axis=1)
    means = []
    for size in sizes:
        count = min(size, len(scores))
        means.append(totals[:, count - 1] / count)
    return means


def cross_validated_k(train: OutcomeTable, seed: int) -> int:
    """Return the number of neighbors with the least squared error on left-out questions.

    Questions of a group are left out together.
    """
    rows = sparse_rows([normalize_text(question) for question in train.questions])
    errors = np.zeros(len(NEIGHBORS))
    labels = train.folds(FOLDS, seed)
    for fold in range(FOLDS):
        inside = np.flatnonzero(labels == fold)
        outside = np.flatnonzero(labels != fold)
        if not inside.size or not outside.size:
            continue
        weights = inverse_frequencies(rows[outside], outside.size)
        vectors = unit_rows(rows * weights)
        similarity = similarities(vectors[inside], vectors[outside])
        means = neighbor_means(similarity, train.scores[outside], NEIGHBORS)
        for number, estimates in enumerate(means):
            errors[number] += ((estimates - train.scores[inside]) ** 2).sum()
    return NEIGHBORS[int(errors.argmin())]


KNN_ROUTER = TrainedKind("knn-router", KNNRouter)
