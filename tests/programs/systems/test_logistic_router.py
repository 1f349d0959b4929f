"""Routers by logistic regression: on each tier's score, and on who wins (RouteLLM)."""

import math

import numpy as np
import pytest
from support.trained_systems import outcomes

from cope.programs.systems.logistic_router import LogisticRouter
from cope.programs.systems.ngram_logistic import NgramLogistic
from cope.programs.systems.policy import FitOptions, simulate
from cope.programs.systems.routellm import RouteLLM, threshold_for_share

BIRD, STONE = "a red bird sings", "the cold granite"


def test_the_ridge_regression_by_hand():
    """Of two texts without a common n-gram, one right and one wrong, w = t (v1 - v2) with
    t = 1 - sigmoid(t), where the gradient is 0: t = 0.4011."""
    fitted = NgramLogistic.fit(["xxx", "yyy"], np.array([1.0, 0.0]))
    t = 0.0
    for _ in range(100):
        t = 1 - 1 / (1 + math.exp(-t))
    found = fitted.probability(["xxx", "yyy", "zzz"])
    assert found == pytest.approx([1 / (1 + math.exp(-t)), 1 / (1 + math.exp(t)), 0.5], abs=1e-3)


def test_numbers_are_features_too():
    numbers = np.array([[1.0], [-1.0]] * 20)
    fitted = NgramLogistic.fit(["same"] * 40, np.array([1.0, 0.0] * 20), numbers)
    high, low = fitted.probability(["same"] * 2, numbers[:2])
    assert high > 0.9 and low < 0.1
    again = NgramLogistic.from_state(fitted.state())
    assert again.probability(["same", "other"], numbers[:2]).tolist() == pytest.approx(
        fitted.probability(["same", "other"], numbers[:2]).tolist()
    )


@pytest.mark.slow
def test_each_tier_has_its_own_estimate():
    table = outcomes([[1, 1], [0, 1]] * 20, questions=[BIRD, STONE] * 20)
    made = LogisticRouter.fit(table, table, FitOptions(share=0.5))
    (bird, stone) = made.estimate([BIRD, STONE])
    assert bird[0] > 0.8 and stone[0] < 0.2 and min(bird[1], stone[1]) > 0.9
    again = LogisticRouter.from_state(made.state(), made.tiers, made.costs)
    for one in (made, again):
        found = simulate(one, table)
        assert found.scores.mean() == 1.0 and found.costs.mean() == 0.5


@pytest.mark.parametrize(
    ("share", "threshold", "strong"),
    [(0.5, 0.3, 2), (0.25, 0.4, 1), (0.74, 0.3, 2), (1.0, 0.1, 4), (0.1, 0.4 + 1e-16, 0)],
)
def test_the_threshold_is_a_quantile(share: float, threshold: float, strong: int):
    scores = np.array([0.4, 0.1, 0.3, 0.2])
    found = threshold_for_share(scores, share)
    assert found == pytest.approx(threshold) and (scores >= found).sum() == strong


def test_tied_scores_do_not_exceed_the_share():
    scores = np.array([0.9, 0.5, 0.5, 0.5])
    assert (scores >= threshold_for_share(scores, 0.5)).sum() == 1
    equal = np.full(4, 0.5)
    assert (equal >= threshold_for_share(equal, 0.5)).sum() == 0


def test_the_strong_model_is_asked_where_it_wins():
    table = outcomes(
        [[1, 1, 1], [0, 0, 1]] * 20,
        questions=[BIRD, STONE] * 20,
        tiers=("small", "mid", "large"),
        costs=(0, 0.5, 1),
    )
    made = RouteLLM.fit(table, table, FitOptions(share=0.5))
    assert made.tiers == ("small", "large") and made.costs.tolist() == [0.0, 1.0]
    again = RouteLLM.from_state(made.state(), made.tiers, made.costs)
    for one in (made, again):
        found = simulate(one, table)
        assert found.scores.mean() == 1.0 and found.asked.sum(axis=0).tolist() == [20, 0, 20]
