"""Random escalation, the oracle, and the ratio of the prices, on figures that are counted by hand."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from support.question_results import records_of

from cope.eval import QuestionResult
from cope.eval.comparison import SystemScores, compare
from cope.eval.comparison.price_ratio import cheaper_at
from cope.eval.comparison.routing_baselines import (
    best_mixture,
    cheapest_mixture,
    compare_to_routing_baselines,
    oracle_accuracy,
)
from cope.stats.resampling import Resampling

# Ten questions: small is right on 5, large on 8, of which small gets 4 right. Small writes 10 tokens, large 100.
SMALL = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
LARGE = [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]
CASCADE = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]  # escalates the last five


def systems() -> dict:
    return {
        "small": records_of(SMALL, small=[10] * 10),
        "large": records_of(LARGE, large=[100] * 10),
        "cascade": records_of(CASCADE, small=[30] * 10, large=[0] * 5 + [80] * 5),
    }


def test_mixtures_lie_on_the_line_between_the_two():
    accuracies, costs = (0.5, 0.8), (0.0, 100.0)
    assert cheapest_mixture(accuracies, costs, 0.65) == pytest.approx(50.0)
    assert (
        cheapest_mixture(accuracies, costs, 0.5) == 0.0
        and cheapest_mixture(accuracies, costs, 0.4) == 0.0
    )
    assert cheapest_mixture(accuracies, costs, 0.81) == inf
    assert best_mixture(accuracies, costs, 25.0) == pytest.approx(0.575)
    assert (
        best_mixture(accuracies, costs, 200.0) == 0.8
        and best_mixture(accuracies, (5.0, 100.0), 4.0) == -inf
    )
    worse = (0.5, 0.4)  # where large is worse and dearer it is never asked
    assert cheapest_mixture(worse, costs, 0.45) == 0.0 and best_mixture(worse, costs, 50.0) == 0.5
    assert cheapest_mixture((np.array([0.5, 0.5]), 0.8), costs, 0.65) == pytest.approx([50.0, 50.0])


def test_the_oracle_escalates_as_far_as_the_cost_goes():
    small, oracle = (0.5, 0.0), (0.9, 40.0)
    assert [
        float(oracle_accuracy(small, oracle, cost)) for cost in (-1.0, 0.0, 20.0, 40.0, 90.0)
    ] == [-inf, 0.5, 0.7, 0.9, 0.9]
    assert float(oracle_accuracy(small, small, 10.0)) == 0.5


def test_a_system_off_the_lines_as_counted_by_hand():
    made = {
        name: SystemScores.from_results(name, rows, "large") for name, rows in systems().items()
    }
    one = compare_to_routing_baselines(
        made["cascade"], [made["small"]], made["large"], "large-tokens", Resampling(draws=2000)
    )
    assert (
        one is not None
        and one.start == "small"
        and (one.accuracy.value, one.cost.value) == (0.7, 40.0)
    )
    assert one.random_cost.value == pytest.approx(100 * 0.2 / 0.3)
    assert one.random_accuracy.value == pytest.approx(0.5 + 0.3 * 0.4)
    assert one.gain.value == pytest.approx(0.08) and one.gain.low < 0.08 < one.gain.high
    assert [estimate.value for estimate in one.oracle] == pytest.approx([0.9, 40.0])
    assert one.oracle_accuracy.value == pytest.approx(0.9)
    assert one.oracle_gap_closed.value == pytest.approx(0.08 / 0.28)


def test_the_lines_start_at_the_best_system_that_never_asks_large():
    votes = [1] * 6 + [0] * 4  # small is right on 5
    made = compare({**systems(), "votes": records_of(votes, small=[40] * 10)}, draws=200)
    tokens, seconds = made.routing_baselines["large-tokens"], made.routing_baselines["seconds"]
    assert list(tokens) == ["cascade"], "votes spend none of it, and are no router"
    assert tokens["cascade"].start == "votes"
    assert tokens["cascade"].random_accuracy.value == pytest.approx(0.6 + 0.2 * 0.4)
    assert [estimate.value for estimate in tokens["cascade"].oracle] == pytest.approx([0.9, 30.0])
    assert seconds["votes"].start == "small", "nothing is its own start"
    dear = {**systems(), "votes": records_of(votes, usd=9.0, small=[40] * 10)}
    dear = {
        name: rows if name == "votes" else [priced(row, 1.0) for row in rows]
        for name, rows in dear.items()
    }
    assert compare(dear, draws=200).routing_baselines["cost"]["cascade"].start == "small", (
        "the better one is beyond the cost"
    )


def priced(record: QuestionResult, usd: float) -> QuestionResult:
    return replace(record, usage=[{**row, "usd": usd, "unpriced": 0} for row in record.usage])


def test_only_systems_that_lack_no_question_are_compared_with_the_lines():
    half = {**systems(), "cascade": systems()["cascade"][:7], "other": systems()["cascade"]}
    made = compare(half, draws=200)
    assert list(made.routing_baselines["large-tokens"]) == ["other"]
    assert made.routing_baselines["large-tokens"]["other"].questions == 10
    assert not compare({**systems(), "large": systems()["large"][:9]}, draws=200).routing_baselines


def test_from_which_price_on_a_cascade_is_cheaper():
    made = compare(systems(), draws=2000)
    (prices,) = (pair.price_ratio for pair in made.pairs if pair.system == "cascade")
    assert made.price_basis == "tokens" and prices is not None
    assert (prices.first_tier_use, prices.last_tier_use, prices.cheaper) == (30.0, 40.0, "always")
    assert prices.relative_costs[0].value == pytest.approx(70 / 100)
    assert prices.relative_costs[-1].value == pytest.approx((30 + 40_000) / 100_000)
    dear = {**systems(), "cascade": records_of(CASCADE, small=[300] * 10, large=[0] * 5 + [80] * 5)}
    (prices,) = (pair.price_ratio for pair in compare(dear).pairs if pair.system == "cascade")
    assert prices is not None and prices.cheaper == "from" and prices.break_even is not None
    assert prices.break_even.value == pytest.approx(300 / 60)
    assert prices.break_even.low < 5 < prices.break_even.high
    two = {
        name: records_of(CASCADE, small=[s] * 10, large=[n] * 10)
        for name, s, n in (("a", 300, 40), ("b", 30, 80))
    }
    (pair,) = compare(two).pairs
    assert pair.price_ratio is not None and pair.price_ratio.description == "from 1:6.75", (
        "(300 - 30) / (80 - 40)"
    )


def test_each_way_that_costs_can_cross():
    assert [
        cheaper_at(*pair)
        for pair in ((30, 10), (5, 10), (-5, 10), (5, -1), (-5, 0), (0, 0), (-30, -10), (-5, -10))
    ] == ["from", "always", "always", "never", "always", "never", "up to", "never"]
