"""The best mixtures of two systems, and whether another system lies above them."""

import numpy as np
import pytest
from support.question_results import records_of

from cope.eval.comparison import compare
from cope.eval.comparison.envelope import (
    Envelope,
    concave_front,
    envelope_at,
    pairwise_envelope,
)
from cope.eval.comparison.notes import comparison_notes
from cope.eval.comparison.systems import SystemScores
from cope.stats.resampling import Resampling

N = 200


def system(name: str, right: int, tokens: int, shift: int = 0) -> SystemScores:
    """A system that is right on so many of the questions, and writes so many tokens on each."""
    scores = list(np.roll([1] * right + [0] * (N - right), shift))
    used = {"large": [tokens] * N} if tokens else {"small": [1] * N}
    return SystemScores.from_results(name, records_of(scores, **used), "large")


def envelope_of(*systems: SystemScores) -> Envelope:
    found = pairwise_envelope(
        {one.name: one for one in systems}, "large-tokens", Resampling(draws=400)
    )
    assert found is not None
    return found


def test_a_mixture_is_worked_out_by_hand():
    """At 30 of 100 tokens 30% go to large: 0.5 + 0.3 * 0.4 = 0.62, and the cascade has 0.8."""
    found = envelope_of(
        system("small", 100, 0), system("cascade", 160, 30), system("large", 180, 100)
    )
    cascade = found.systems["cascade"]
    assert cascade.envelope == pytest.approx(0.62)
    assert cascade.gain.value == pytest.approx(0.18)
    assert (cascade.mixture, cascade.share) == (("small", "large"), pytest.approx(0.3))
    assert cascade.place == "above" and cascade.gain.low > 0
    assert [name for name, *_ in found.points] == ["small", "cascade", "large"]


def test_a_cascade_on_the_line_is_not_distinguished_and_one_below_it_is_below():
    found = envelope_of(
        system("small", 100, 0),
        system("coin", 124, 30),
        system("bad", 60, 40),
        system("large", 180, 100),
    )
    assert found.systems["coin"].place == "on" and found.systems["bad"].place == "below"
    assert "is not distinguishable from" in found.systems["coin"].text
    assert "bad" not in [name for name, *_ in found.points]


def test_the_best_pair_need_not_be_the_small_and_the_large_model():
    found = envelope_of(
        system("small", 100, 0),
        system("votes", 140, 10),
        system("cascade", 150, 55),
        system("large", 160, 100),
    )
    assert found.systems["cascade"].mixture == ("votes", "large")
    assert found.systems["cascade"].envelope == pytest.approx(0.75)


def test_the_cheapest_system_and_one_that_costs_as_much_as_another():
    found = envelope_of(
        system("small", 100, 10), system("same", 120, 10), system("large", 180, 100)
    )
    assert found.systems["small"].mixture == ("same",)
    assert found.systems["same"].place == "above"
    lone = envelope_of(system("small", 100, 1), system("b", 120, 10), system("large", 180, 100))
    assert lone.systems["small"].place == "cheapest"
    assert lone.systems["small"].as_dict()["envelope"] is None


def test_the_envelope_is_the_best_of_all_mixtures():
    rng = np.random.default_rng(3)
    for _ in range(50):
        points = [(float(c), float(a)) for c, a in rng.integers(0, 12, (6, 2))]
        corners = concave_front(points)
        for budget in range(13):
            best = max((a for c, a in points if c <= budget), default=-1.0)
            for low_cost, low in points:
                for high_cost, high in points:
                    if low_cost <= budget < high_cost:
                        share = (budget - low_cost) / (high_cost - low_cost)
                        best = max(best, low + share * (high - low))
            costs, accuracies = np.array(points).T[:, :, None]
            found = envelope_at(costs, accuracies, np.array([float(budget)]))[0]
            assert found == pytest.approx(best if best >= 0 else -np.inf)
            known = [point for point in corners if point[0] <= budget]
            if not known:
                assert best == -1.0
                continue
            costs, accuracies = zip(*corners, strict=True)
            assert np.interp(budget, costs, accuracies) == pytest.approx(best)


def test_unknown_costs_and_two_systems_have_no_envelope():
    unknown = SystemScores.from_results("a", records_of([1] * 3, large=[None] * 3), "large")
    two = {"small": system("small", 100, 0), "large": system("large", 180, 100)}
    assert pairwise_envelope(two, "large-tokens", Resampling()) is None
    assert pairwise_envelope({**two, "a": unknown}, "large-tokens", Resampling()) is None


def test_a_comparison_says_where_its_cascades_lie():
    results = {
        "cascade": records_of([1] * 40 + [0] * 10, small=[5] * 50, large=[3] * 50),
        "small": records_of([1] * 25 + [0] * 25, small=[5] * 50),
        "large": records_of([1] * 45 + [0] * 5, large=[30] * 50),
    }
    comparison = compare(results, draws=400)
    notes = list(comparison_notes(comparison, {"unknown": {}, "calls": None, "failed": []}))
    lines = [line for line in notes if "pairwise envelope" in line]
    assert len(lines) == 1 and lines[0].startswith("cascade lies above the pairwise envelope")
    assert "+26.0 points" in lines[0] and "10% of the questions to large" in lines[0]
