"""Measure trained systems on all questions of a table, each by a fit on other questions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...eval.replay.trained import policy_results
from ...eval.run.store import QuestionResult
from ...programs.systems.outcomes import OutcomeTable
from ...programs.systems.policy import FitOptions, Policy
from ...programs.systems.router import Router
from ...util.arrays import Array

FOLDS = 5
_HELD = 4  # one part in so many sets thresholds


class Fold(NamedTuple):
    """The questions of a fold, and the others in two parts; groups are whole."""

    rows: Array
    train: OutcomeTable
    held: OutcomeTable


def folds(table: OutcomeTable, seed: int = 0, count: int = FOLDS) -> Iterator[Fold]:
    """Yield the folds of a table: questions of a group, such as a subject, are in one fold.

    Args:
        table: the outcomes.
        seed: of the split.
        count: number of folds.
    """
    labels = table.folds(count, seed)
    for fold in range(count):
        inside = np.flatnonzero(labels == fold)
        if not inside.size:
            continue
        others = table.take(np.flatnonzero(labels != fold))
        parts = others.folds(_HELD, seed + 1)
        train, held = np.flatnonzero(parts != 0), np.flatnonzero(parts == 0)
        yield Fold(inside, others.take(train), others.take(held))


def cross_fitted_results(
    policy: type[Policy],
    table: OutcomeTable,
    alone: Mapping[str, Sequence[QuestionResult]],
    options: FitOptions,
) -> list[QuestionResult]:
    """Return the results of a system on all questions, each trained on other folds.

    Args:
        policy: learns and decides.
        table: the outcomes of the questions.
        alone: the results of each tier that the table was made from.
        options: what a fit aims at.

    Raises:
        CopeError: when the system cannot be fitted.
    """
    results: list[QuestionResult] = []
    for fold in folds(table, options.seed):
        fitted = policy.fit(fold.train, fold.held, options)
        results += policy_results(fitted, table.take(fold.rows), alone)
    return results


def cross_fitted_estimates(router: type[Router], table: OutcomeTable, options: FitOptions) -> Array:
    """Return (questions, tiers): the scores that a router expects, each trained on other folds."""
    estimates = np.zeros(table.scores.shape)
    for fold in folds(table, options.seed):
        fitted = router.fit_estimates(fold.train, options)
        estimates[fold.rows] = fitted.estimate([table.questions[row] for row in fold.rows])
    return estimates


def calls_for_accuracy(wins: Array, scores: Array, target: float) -> float:
    """Return the least share of questions for the last tier that reaches an accuracy.

    The questions go to the last tier in the order of the probability that it wins. This is the
    figure by which RouteLLM's cost is published.

    Args:
        wins: (questions,) the probability.
        scores: (questions, tiers) with the first and the last tier.
        target: the accuracy.

    Returns:
        NaN when no share reaches it.

    >>> scores = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    >>> calls_for_accuracy(np.array([0.9, 0.1, 0.5, 0.2]), scores, 0.75)
    0.25
    """
    order = np.argsort(-wins, kind="stable")
    gains = np.concatenate([[0.0], (scores[order, -1] - scores[order, 0]).cumsum()])
    accuracy = (scores[:, 0].sum() + gains) / len(scores)
    reached = np.flatnonzero(accuracy >= target - 1e-9)
    return float(reached[0] / len(scores)) if reached.size else float("nan")
