"""Intervals: known values, and coverage of the interval that the tables print."""

import math
import random

import pytest

from cope.stats.intervals import exact_bounds, paired_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (8, 10, 0.4902, 0.9433),
        (50, 100, 0.4038, 0.5962),
    ],
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


def test_paired_interval_is_mean_plus_minus_two_standard_errors():
    differences = [1] * 20 + [-1] * 10 + [0] * 70
    mean, low, high = paired_interval(differences)
    error = math.sqrt(sum((d - 0.1) ** 2 for d in differences) / 99 / 100)
    assert mean == pytest.approx(0.1)
    assert (low, high) == pytest.approx((0.1 - 1.96 * error, 0.1 + 1.96 * error))


@pytest.mark.parametrize(
    "differences",
    [
        [],
        [1.0],
        [1, 1, 1, 1, 0],
        [0] * 5,
        [0.5] * 9,
        [-1] * 60,
        [1] * 12 + [-1] * 12,
        [0.1] * 30,
        [0] * 40,
    ],
    ids=lambda given: f"{len(given)}",
)
def test_paired_interval_is_never_certain_and_never_beyond_the_possible(differences: list[float]):
    mean, low, high = paired_interval(differences)
    assert -1 <= low < high <= 1
    assert low <= mean <= high or (math.isnan(mean) and not differences)


def test_paired_interval_of_few_questions_that_differ_is_that_of_a_comparison():
    """Four of five gain: the normal approximation would say +40.8 to +119.2 points. Nothing differs: 0.0 to 0.0."""
    assert paired_interval([1, 1, 1, 1, 0]) == (0.8, *exact_bounds(4, 0, 5))
    assert paired_interval([1, -1, *[0] * 58]) == (0.0, *exact_bounds(1, 1, 60))
    assert (
        paired_interval([0] * 60)[1:]
        == exact_bounds(0, 0, 60)
        == pytest.approx((-0.0704, 0.0704), abs=1e-4)
    )


@pytest.mark.parametrize(
    ("n", "gain", "loss"), [(8, 0.3, 0.1), (40, 0.05, 0.02), (40, 0.95, 0.0), (60, 0.3, 0.25)]
)
def test_paired_interval_covers_the_true_difference_about_95_times_in_100(
    n: int, gain: float, loss: float
):
    draw = random.Random(1)
    covered = 0
    for _ in range(500):
        drawn = [draw.random() for _ in range(n)]
        _, low, high = paired_interval(
            [1 if u < gain else -1 if u > 1 - loss else 0 for u in drawn]
        )
        covered += low <= gain - loss <= high
    assert covered / 500 > 0.92
