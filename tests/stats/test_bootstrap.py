"""Intervals of the paired bootstrap hold what they say, for questions and for groups of them."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cope.stats.bootstrap import LEVEL, _expanded_tail, percentile_interval, resample

POPULATIONS = 300
DRAWS = 400


def difference(sums):
    return sums.estimate(lambda s: s["d"] / s["n"])


def coverage(draw, truth: float) -> float:
    """Share of simulated samples whose interval holds the truth; `draw(rng)` gives differences and groups."""
    rng, held = np.random.default_rng(7), 0
    for number in range(POPULATIONS):
        d, groups = draw(rng)
        one = difference(resample({"d": d, "n": np.ones(len(d))}, groups, draws=DRAWS, seed=number))
        held += one.low <= truth <= one.high
    return held / POPULATIONS


def independent(questions: int):
    return lambda rng: (rng.choice([1.0, -1.0, 0.0], questions, p=[0.2, 0.1, 0.7]), None)


def clustered(groups: int, size: int):
    """Groups that share their luck: most questions of a group differ in the same direction."""

    def draw(rng):
        lean = rng.choice([0.9, 0.1], groups, p=[0.6, 0.4]).repeat(size)
        return np.where(rng.random(groups * size) < lean, 1.0, -1.0), np.arange(groups).repeat(size)

    return draw


@pytest.mark.parametrize("questions", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_intervals_hold_the_true_difference_for_independent_questions(questions: int):
    assert 0.915 <= coverage(independent(questions), 0.1) <= 0.985


@pytest.mark.parametrize(
    ("groups", "size"), [(12, 10), pytest.param(40, 5, marks=pytest.mark.slow)]
)
def test_intervals_hold_the_true_difference_for_groups(groups: int, size: int):
    truth = 0.6 * 0.8 - 0.4 * 0.8
    assert 0.91 <= coverage(clustered(groups, size), truth) <= 0.985
    alone = clustered(groups, size)
    assert coverage(lambda rng: (alone(rng)[0], None), truth) < 0.8, (
        "as if they were independent it is far too narrow"
    )


def test_a_ratio_of_costs_is_held_too():
    rng, held = np.random.default_rng(3), 0
    for number in range(POPULATIONS):
        one, other = rng.gamma(2, 10, 80), rng.gamma(2, 20, 80)
        sums = resample({"a": one, "b": one + other}, draws=DRAWS, seed=number)
        estimate = sums.estimate(lambda s: s["a"] / s["b"])
        held += estimate.low <= 20 / 60 <= estimate.high
    assert 0.915 <= held / POPULATIONS <= 0.985


def test_groups_of_one_question_are_questions_and_order_does_not_matter():
    rng = np.random.default_rng(5)
    d, n, groups = rng.normal(size=50), np.ones(50), np.arange(50) // 5
    alone = difference(resample({"d": d, "n": n}, seed=4))
    assert difference(resample({"d": d, "n": n}, np.arange(50), seed=4)) == alone
    shuffled = rng.permutation(50)
    one = difference(resample({"d": d, "n": n}, groups, seed=4))
    other = difference(resample({"d": d[shuffled], "n": n}, groups[shuffled], seed=4))
    assert vars(other) == pytest.approx(vars(one))


def test_the_columns_stay_together():
    d = np.random.default_rng(5).normal(size=40)
    one = resample({"a": d, "b": 2 * d}).estimate(lambda s: s["a"] / s["b"])
    assert (one.low, one.high) == pytest.approx((0.5, 0.5))


def test_one_group_bounds_nothing_and_infinite_draws_count():
    one = difference(resample({"d": np.ones(4), "n": np.ones(4)}, np.zeros(4)))
    assert (one.value, one.low, one.high) == (1.0, -inf, inf)
    assert one.as_dict() == {"value": 1.0, "low": None, "high": None}
    sums = resample({"a": np.ones(6), "b": np.array([1.0, 0, 0, 0, 0, 0])})
    assert sums.estimate(lambda s: s["a"] / s["b"]).high == inf


@given(
    values=st.lists(st.sampled_from([-inf, -1.0, 0.0, 0.25, 2.0, inf, nan]) | st.floats(-9, 9)),
    units=st.integers(2, 60),
)
def test_percentiles_are_those_of_numpy(values: list[float], units: int):
    known = np.array([value for value in values if value == value])
    found = percentile_interval(np.array(values, dtype=float), units)
    if not known.size:
        assert found == (-inf, inf)
        return
    tail = _expanded_tail(units, LEVEL)
    assert found == tuple(np.quantile(known, [tail, 1 - tail], method="inverted_cdf"))


def test_several_statistics_are_each_as_alone():
    rng = np.random.default_rng(2)
    sums = resample({"n": np.ones(30), "a": rng.random(30), "b": rng.random(30)}, draws=DRAWS)

    def both(s):
        return {"ratio": s["a"] / s["b"], "sum": s["a"] + s["b"]}

    for name, estimate in sums.estimates(both).items():
        assert estimate == sums.estimate(lambda s, name=name: both(s)[name])
