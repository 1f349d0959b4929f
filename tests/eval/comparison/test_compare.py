"""Systems compared: what is paired, what is left out, what is not known, and what is said."""

import json

import numpy as np
import pytest
from support.question_results import records_of

from cope.errors import CopeError
from cope.eval.comparison import (
    compare,
    comparison_document,
    conclusion,
    questions_for_significance,
)
from cope.stats.intervals import wilson
from cope.stats.power import minimum_detectable_effect, questions_needed

RIGHT = [1] * 60 + [0] * 40


def two(ours: list, theirs: list, **options):
    used = {"large": [100] * len(ours)}
    made = compare(
        {"ours": records_of(ours, **used), "large": records_of(theirs, **used)}, **options
    )
    return made, made.pairs[0]


def test_questions_are_paired_by_key_and_the_others_left_out():
    ours, theirs = (
        records_of([1, 1, None, 0], small=[5] * 4),
        records_of([1, 0, 1], first=1, large=[9] * 3),
    )
    made = compare({"ours": ours[::-1], "large": theirs})
    (pair,) = made.pairs
    assert (pair.questions, pair.unpaired, pair.wins, pair.losses) == (2, 2, 0, 1), (
        "pairs: q1 1-1, q3 0-1"
    )
    assert made.summaries["ours"].n == 3 and made.summaries["ours"].accuracy == pytest.approx(2 / 3)


def test_accuracy_over_all_questions_is_bounded_where_some_have_no_outcome():
    made = compare(
        {
            "ours": records_of([1, 1, None, 0], large=[5] * 4),
            "large": records_of([1, 0, 1, 1], large=[9] * 4),
        }
    )
    ours, large = made.summaries["ours"], made.summaries["large"]
    assert (ours.n, ours.missing, ours.bounds) == (
        3,
        1,
        (0.5, 0.75),
    ) and ours.accuracy == pytest.approx(2 / 3)
    assert ours.bounds_interval == (wilson(2, 4)[0], wilson(3, 4)[1])
    assert (large.missing, large.bounds, large.bounds_interval) == (0, None, None)


@pytest.mark.slow
def test_questions_that_are_repeated_tell_no_more_than_once():
    ours, theirs = [1] * 100 + [0] * 20, [1] * 80 + [0] * 40
    groups = {str(n): f"group {n % 120}" for n in range(600)}
    once, (five, whole) = (
        two(ours, theirs)[0],
        (two(ours * 5, theirs * 5, groups=groups)[0], two(ours * 5, theirs * 5)[0]),
    )
    for name in ("ours", "large"):
        assert five.summaries[name].interval == pytest.approx(
            once.summaries[name].interval, abs=0.001
        )
        assert five.summaries[name].interval[0] < whole.summaries[name].interval[0] - 0.03
    assert (
        five.groups == 120
        and (five.pairs[0].difference.high - once.pairs[0].difference.high) < 0.01
    )


def test_the_reference_is_large_then_the_last_and_any_by_name():
    rows = {name: records_of([1, 0], small=[1, 1]) for name in ("a", "large", "b")}
    assert compare(rows).reference == "large" and compare(rows, reference="a").reference == "a"
    del rows["large"]
    assert compare(rows).reference == "b"


def test_costs_are_paired_and_what_is_not_known_stays_unknown():
    ours = records_of([1, 0, 1], small=[10, 20, 30], large=[0, 50, 0])
    made = compare({"ours": ours, "large": records_of([1, 1, 1], usd=0.01, large=[100, 100, 100])})
    costs = made.pairs[0].costs
    assert (
        costs["large-tokens"].ratio.value == pytest.approx(50 / 300)
        and made.measure == "large-tokens"
    )
    assert costs["large-tokens"].difference.value == pytest.approx((50 - 300) / 3)
    assert costs["seconds"].ratio.value == pytest.approx(4 / 3)
    assert "cost" not in costs and "cost-small-free" not in costs, "nobody told what ours costs"
    assert made.summaries["ours"].costs["cost"] is None
    assert made.summaries["large"].costs["cost"] == pytest.approx(0.01)


def test_without_a_price_for_the_small_tier_its_calls_may_count_as_free():
    ours = [*records_of([1], usd=0.02, large=[50]), *records_of([1], first=1, small=[10])]
    made = compare(
        {"ours": ours, "large": records_of([1, 1], usd=0.02, large=[100, 100])},
        measure="cost-small-free",
    )
    assert made.pairs[0].costs["cost-small-free"].ratio.value == pytest.approx(0.5)
    assert "it costs 50%" in conclusion(made.pairs[0], made)
    with pytest.raises(CopeError, match="--by cost: not known of ours; give prices with --price"):
        compare({"ours": ours, "large": ours}, measure="cost")


def test_tokens_that_a_source_does_not_tell_leave_calls():
    made = compare(
        {
            "small": records_of([1, 0], small=[None] * 2),
            "large": records_of([1, 1], large=[None] * 2),
        }
    )
    assert (made.measure, made.price_basis) == ("large-calls", "calls")
    assert "large-tokens" not in made.pairs[0].costs


@pytest.mark.parametrize("tokens", [1, 33, 5000])
def test_one_question_has_no_interval_of_costs(tokens: int):
    ours, large = records_of([1], large=[tokens]), records_of([1], large=[100])
    made = compare({"ours": ours, "large": large})
    document = comparison_document(made) | {"task": "t", "models": {}}
    assert "inf" not in conclusion(made.pairs[0], made)
    assert "(interval unknown) of large's large-tier tokens" in conclusion(made.pairs[0], made)
    assert "(-inf to inf) of large's" in document["comparisons"][0]["verdict"], "as stored ones"


@pytest.mark.slow
def test_verdicts_on_accuracy():
    made, pair = two(RIGHT * 10, RIGHT * 10)
    assert conclusion(pair, made).startswith("ours is as accurate as large within 0.4 points")
    assert "100% (100 to 100) of large's large-tier tokens" in conclusion(pair, made)
    made, pair = two(RIGHT, [0] * 100)
    assert conclusion(pair, made).startswith("ours is more accurate than large: +60.0 points")
    assert pair.significant and comparison_document(made)["comparisons"][0]["settling"] is None
    made, pair = two([0] * 100, RIGHT)
    assert conclusion(pair, made).startswith("ours is less accurate than large")
    made, pair = two([1] * 7 + [0] * 93, [0] * 7 + [1] * 5 + [0] * 88)
    assert conclusion(pair, made).startswith("ours and large: open, +2.0 points")
    assert questions_for_significance(
        pair
    ) == "about 2,500" and pair.detectable_difference == pytest.approx(0.106, abs=0.001)


def test_what_cannot_become_significant_is_said_plainly():
    _, pair = two([1] * 6 + [0] * 94, [0] * 6 + [1] * 6 + [0] * 88)
    assert (
        pair.questions_needed is None and questions_for_significance(pair) == "no affordable number"
    )
    _, pair = two([1] + [0] * 99, [0] * 100)
    assert (
        pair.questions_needed is None
        and questions_for_significance(pair) == "too few differ to say"
    )


def test_few_discordant_questions_get_exact_bounds():
    _, pair = two([1] * 40, [1] * 40)
    assert (
        pair.has_exact_bounds
        and pair.difference.low == -pair.difference.high
        and pair.difference.high == pytest.approx(0.104, abs=0.001)
    )
    _, pair = two([1] * 20 + [0] * 20, [0] * 40)
    assert not pair.has_exact_bounds


@pytest.mark.slow
def test_groups_widen_the_interval_and_the_number_needed():
    rng = np.random.default_rng(0)
    lean = rng.choice([0.9, 0.1], 30).repeat(10)
    ours, theirs = (
        (rng.random(300) < lean).astype(int).tolist(),
        (rng.random(300) < 1 - lean).astype(int).tolist(),
    )
    groups = {str(n): str(n // 10) for n in range(300)}
    apart, together = two(ours, theirs)[1], two(ours, theirs, groups=groups)[1]
    assert (together.units, two(ours, theirs, groups=groups)[0].groups) == (30, 30)
    assert together.difference.high - together.difference.low > 2 * (
        apart.difference.high - apart.difference.low
    )
    assert together.design_effect > 4 and apart.design_effect == 1.0 and together.p > apart.p
    if apart.questions_needed and together.questions_needed:
        assert together.questions_needed == round(apart.questions_needed * together.design_effect)


def test_p_values_are_held_to_the_number_of_comparisons():
    rows = {"a": [1] * 10 + [0] * 30, "b": [1] * 8 + [0] * 32, "large": [0] * 40}
    made = compare({name: records_of(scores, large=[1] * 40) for name, scores in rows.items()})
    a, b = made.pairs
    assert (
        (a.level, b.level) == (0.025, 0.05)
        and a.adjusted_p == pytest.approx(2 * a.p)
        and b.adjusted_p == b.p
    )
    assert a.questions_needed == questions_needed(
        0.25, 0.25, 0.025
    ) and a.detectable_difference == minimum_detectable_effect(40, 0.25, 0.025)


def test_all_figures_are_plain_json():
    made = compare(
        {
            "small": records_of([1, 0, 0], small=[1] * 3),
            "ours": records_of([1, 1, 0], small=[4] * 3, large=[0, 9, 9]),
            "large": records_of([1, 1, 1], large=[9] * 3),
        }
    )
    told = json.loads(json.dumps(comparison_document(made), allow_nan=False))
    assert (
        set(told["beside"]) == {"large-tokens", "seconds", "large-calls"}
        and "ours" in told["beside"]["seconds"]
    )
    assert len(told["comparisons"][1]["price_ratio"]["relative"]) == 61
    assert (
        told["comparisons"][0]["verdict"]
        and told["systems"]["ours"]["costs"]["large-tokens"] == 6.0
    )


@pytest.mark.parametrize(
    ("records", "options", "message"),
    [
        ({"a": [1]}, {}, "needs two systems or more"),
        ({"a": [1], "b": [1]}, {"reference": "c"}, "--against c: no such system; there are a, b"),
        ({"a": [None], "b": [1]}, {}, "a has no outcome on any question"),
    ],
)
def test_what_cannot_be_compared(records: dict, options: dict, message: str):
    with pytest.raises(CopeError, match=message):
        compare(
            {name: records_of(scores, small=[1] * len(scores)) for name, scores in records.items()},
            **options,
        )


def test_systems_without_a_common_question():
    with pytest.raises(CopeError, match="a and b have no question in common"):
        compare({"a": records_of([1], small=[1]), "b": records_of([1], first=5, small=[1])})
