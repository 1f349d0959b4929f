"""FrugalGPT: a chain of tiers, an answer's score against a threshold, the best chain in a budget."""

import numpy as np
import pytest
from support.trained_systems import outcomes

from cope.programs.systems.frugalgpt import Chain, FrugalGPT, best_chain, chain_figures
from cope.programs.systems.ngram_logistic import NgramLogistic
from cope.programs.systems.outcomes import Observation
from cope.programs.systems.policy import Decision, FitOptions, simulate

# Four questions; the small tier's answers have these scores, and are right on the first and third.
SCORES = np.array([[0.9, 0.0], [0.6, 0.0], [0.4, 0.0], [0.1, 0.0]])
HELD = outcomes([[1, 1], [0, 1], [1, 1], [0, 0]], costs=(0.1, 1))


@pytest.mark.parametrize(
    ("threshold", "accuracy", "cost"),
    [
        (0.0, 2 / 4, 0.1),  # all accepted
        (0.5, (1 + 0 + 1 + 0) / 4, 0.1 + 2 / 4),  # the third and fourth go on
        (0.9, (1 + 1 + 1 + 0) / 4, 0.1 + 3 / 4),
        (1.0, 3 / 4, 0.1 + 1.0),
    ],
)
def test_accuracy_and_cost_of_a_chain_by_hand(threshold: float, accuracy: float, cost: float):
    assert chain_figures(SCORES, HELD, Chain((0, 1), (threshold,))) == pytest.approx(
        (accuracy, cost)
    )


@pytest.mark.parametrize(
    ("share", "tiers", "accuracy"),
    [
        (2.0, (0, 1), 0.75),
        (0.9, (0, 1), 0.75),
        (0.7, (0,), 0.5),
        (0.1, (0,), 0.5),
        (0.01, (0,), 0.5),
    ],
)
def test_the_best_chain_within_the_budget(share: float, tiers: tuple[int, ...], accuracy: float):
    chain = best_chain(SCORES, HELD, [0, 1], share)
    assert chain.tiers == tiers
    found, cost = chain_figures(SCORES, HELD, chain)
    assert found == accuracy and (cost <= share or share < 0.1)


def test_a_chain_may_leave_tiers_out():
    held = outcomes([[0, 0, 1]] * 4, tiers=("small", "mid", "large"), costs=(0.1, 0.5, 1.0))
    assert best_chain(np.full((4, 3), 0.5), held, [0, 1, 2], 1.0).tiers == (2,)


def scorer(weight: float) -> NgramLogistic:
    """Return a scorer that sees the confidence alone: sigmoid(weight * (confidence - 1/2))."""
    from cope.programs.ngram_vectors import SIZE

    return NgramLogistic(np.ones(SIZE), np.zeros(SIZE), np.array([weight]), -weight / 2)


def test_answers_are_accepted_at_their_threshold():
    made = FrugalGPT(("a", "b", "c"), (0.1, 0.3, 1.0), (0.5, 0.9), [scorer(8.0), scorer(8.0)])
    high, low = Observation("x", 1.0), Observation("x", 0.0)
    none = Observation(None, 1.0)
    seen = [{}, {"a": high}, {"a": low}, {"a": none}]
    seen += [{"a": low, "b": high}, {"a": low, "b": low}, {"a": low, "b": low, "c": low}]
    found = made.decide(["q"] * len(seen), seen)
    asked = [(decision.tier, decision.is_final) for decision in found]
    assert asked == [
        ("a", False),
        ("a", True),
        ("b", False),
        ("b", False),
        ("b", True),
        ("c", False),
        ("c", True),
    ]
    assert found[1].confidence == pytest.approx(1 / (1 + np.exp(-4.0)))
    assert found[6] == Decision("c", True)


def test_it_learns_from_the_agreement_of_samples():
    right = [1, 1, 0, 0] * 20
    confidence = [[1.0, 1.0] if one else [0.4, 1.0] for one in right]
    table = outcomes([[one, 1] for one in right], confidence=confidence, costs=(0.1, 1.0))
    made = FrugalGPT.fit(table, table, FitOptions(share=0.7))
    again = FrugalGPT.from_state(made.state(), made.tiers, made.costs)
    for one in (made, again):
        found = simulate(one, table)
        assert found.scores.mean() == 1.0 and found.costs.mean() == pytest.approx(0.6)
