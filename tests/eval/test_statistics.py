"""Intervals: known values, and coverage of the interval that the tables print."""

import math
import random

import pytest

from cope.eval.statistics import paired_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_agrees_with_published_values(successes: int, n: int, low: float, high: float):
    assert wilson(successes, n) == pytest.approx((low, high), abs=1e-3)


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_covers_the_true_share_about_95_times_in_100():
    draw = random.Random(1)
    covered = 0
    for _ in range(2000):
        low, high = wilson(sum(draw.random() < 0.3 for _ in range(40)), 40)
        covered += low <= 0.3 <= high
    assert 0.93 < covered / 2000 < 0.975


def test_paired_interval_of_a_constant_difference_is_a_point():
    assert paired_interval([0.5] * 9) == (0.5, 0.5, 0.5)


def test_paired_interval_needs_two_differences_for_a_bound():
    mean, low, high = paired_interval([1.0])
    assert (mean, low, high) == (1.0, -math.inf, math.inf)
    assert math.isnan(paired_interval([])[0])


def test_paired_interval_is_mean_plus_minus_two_standard_errors():
    mean, low, high = paired_interval([1, 0, 0, 1, -1, 1, 0, 0])
    error = math.sqrt(sum((d - 0.25) ** 2 for d in [1, 0, 0, 1, -1, 1, 0, 0]) / 7 / 8)
    assert mean == 0.25
    assert (low, high) == pytest.approx((0.25 - 1.96 * error, 0.25 + 1.96 * error))
