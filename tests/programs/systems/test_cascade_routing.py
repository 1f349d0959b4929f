"""Cascade routing: the expected best of a set of tiers less its cost, weighed after each answer."""

import math

import numpy as np
import pytest
from support.trained_systems import outcomes

from cope.errors import CopeError
from cope.programs.ngram_vectors import SIZE
from cope.programs.systems.cascade_routing import (
    CascadeRouting,
    SetEstimates,
    all_sets,
    set_features,
)
from cope.programs.systems.ngram_logistic import NgramLogistic
from cope.programs.systems.outcomes import Observation
from cope.programs.systems.policy import Decision, FitOptions, simulate
from cope.stats.logistic import LogisticFit

COSTS = (0.1, 1.0)


def constant(probability: float) -> NgramLogistic:
    """Return a regression that says the same of every text."""
    logit = math.log(probability / (1 - probability))
    return NgramLogistic(np.ones(SIZE), np.zeros(SIZE), np.zeros(0), logit)


def routing(
    cost_weight: float, variance: float = 0.0, before: tuple[float, float] = (0.6, 0.9)
) -> CascadeRouting:
    """Return a system whose small tier's estimate is its confidence, once it has answered.

    Args:
        cost_weight: lambda.
        variance: of the small tier's estimate before it answers.
        before: the estimates before any answer.
    """
    sets = {}
    for asked in [(), *all_sets(2)]:
        covariance = np.diag([0.0 if 0 in asked else variance, 0.0])
        fits = []
        if asked:
            count = set_features(
                np.zeros((1, 2)), np.full((1, 2), None), np.zeros((1, 2)), asked
            ).shape[1]
            small = [0.0] * count
            if 0 in asked:
                small[2] = 20.0  # the confidence of the small tier's answer
            large = math.log(before[1] / (1 - before[1]))
            fits = [LogisticFit(-10.0, tuple(small)), LogisticFit(large, (0.0,) * count)]
        sets[asked] = SetEstimates(tuple(fits), covariance)
    models = [constant(probability) for probability in before]
    return CascadeRouting(("small", "large"), COSTS, models, sets, cost_weight)


@pytest.mark.parametrize(
    ("cost_weight", "best"),
    # Without variance E[max] is the maximum: 0.6 - 0.1 w, 0.9 - w, and 0.9 - 1.1 w for both.
    [(0.0, (1,)), (0.3, (1,)), (0.34, (0,)), (1.0, (0,))],
)
def test_the_value_of_a_set_by_hand(cost_weight: float, best: tuple[int, ...]):
    made = routing(cost_weight)
    assert made.best_sets((), np.array([[0.6, 0.9]])) == [best]
    assert made.decide(["q"], [{}]) == [Decision(("small", "large")[best[0]], is_final=False)]


def test_an_uncertain_estimate_makes_a_cheap_answer_worth_its_cost():
    """With Q_small ~ N(0.6, 0.3^2), E[max(Q_small, 0.9)] = 0.9 + 0.3 (phi(1) - Phi(-1)) = 0.925.

    So the small tier is worth asking beside the large one below a lambda of 0.25 for its 0.1.
    """
    expected = 0.3 * (math.exp(-0.5) / math.sqrt(2 * math.pi) - 0.5 * math.erfc(1 / math.sqrt(2)))
    assert expected == pytest.approx(0.025, abs=1e-4)
    both = routing(0.1, variance=0.09)
    assert both.best_sets((), np.array([[0.6, 0.9]])) == [(0, 1)]
    assert both.decide(["q"], [{}]) == [Decision("small", is_final=False)], "the cheapest is first"
    assert routing(0.5, variance=0.09).best_sets((), np.array([[0.6, 0.9]])) == [(0,)]


@pytest.mark.parametrize(
    ("confidence", "tier", "is_final"),
    # After its answer the small tier's estimate is sigmoid(20 c - 10); large brings 0.9 - 0.1.
    [(1.0, "small", True), (0.6, "small", True), (0.5, "large", False), (0.0, "large", False)],
)
def test_the_estimates_are_made_anew_after_an_answer(confidence: float, tier: str, is_final: bool):
    made = routing(0.1)
    (found,) = made.decide(["q"], [{"small": Observation("x", confidence)}])
    assert (found.tier, found.is_final) == (tier, is_final)
    if is_final:
        assert found.confidence == pytest.approx(1 / (1 + math.exp(10 - 20 * confidence)))


def test_the_best_estimate_answers_when_all_tiers_answered():
    seen = {"small": Observation("x", 1.0), "large": Observation("y", 1.0)}
    assert routing(0.1).decide(["q"], [seen])[0].tier == "small"
    seen["small"] = Observation("x", 0.2)
    assert routing(0.1).decide(["q"], [seen])[0].tier == "large"


def test_what_the_estimates_see_of_answers():
    answers = np.array([["A b", "a  B", None], ["x", "y", "y"], ["", "", ""]], dtype=object)
    features = set_features(np.full((3, 3), 0.5), answers, np.full((3, 3), 0.7), (0, 1, 2))
    # Logits, then confidence and whether there is an answer, then which two are the same.
    assert features[0].tolist() == [0, 0, 0, 0.7, 1, 0.7, 1, 0.7, 0, 1, 0, 0]
    assert features[1].tolist()[-3:] == [0, 0, 1] and features[2].tolist()[-3:] == [0, 0, 0]


@pytest.mark.slow
def test_it_learns_from_text_and_confidence():
    right = [1, 0, 1, 0] * 20
    confidence = [[0.9, 1.0] if one else [0.2, 1.0] for one in right]
    table = outcomes([[one, 1] for one in right], confidence=confidence, costs=COSTS)
    made = CascadeRouting.fit(table, table, FitOptions(share=0.6))
    again = CascadeRouting.from_state(made.state(), made.tiers, made.costs)
    for one in (made, again):
        found = simulate(one, table)
        assert found.scores.mean() == 1.0 and found.costs.mean() == pytest.approx(0.6)


def test_too_many_tiers_are_an_error():
    tiers = [f"t{number}" for number in range(7)]
    table = outcomes([[1] * 7] * 10, tiers=tiers, costs=[1] * 7)
    with pytest.raises(CopeError, match="choose at most 6 with --tiers"):
        CascadeRouting.fit(table, table, FitOptions())
