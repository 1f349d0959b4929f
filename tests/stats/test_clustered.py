"""Intervals of grouped questions: what they must not gain by repetition, and how often they hold the true share."""

import numpy as np
import pytest

from cope.stats.clustered import clustered_wilson, design_effect, effective_counts, group_labels
from cope.stats.intervals import wilson


def test_a_question_repeated_five_times_counts_once():
    right, groups = np.array([1.0] * 100 + [0.0] * 20), np.arange(120)
    assert design_effect(right.repeat(5), groups.repeat(5)) == pytest.approx(5)
    once, five = clustered_wilson(right), clustered_wilson(right.repeat(5), groups.repeat(5))
    assert once == wilson(100, 120) and five == pytest.approx(once, abs=0.001)
    assert wilson(500, 600)[0] > five[0] + 0.03


def test_groups_of_one_change_nothing_and_one_group_gives_no_interval():
    right = np.array([1.0, 0.0, 1.0, 1.0])
    assert clustered_wilson(right, np.arange(4)) == clustered_wilson(right) == wilson(3, 4)
    assert clustered_wilson(right, np.zeros(4)) == (0.0, 1.0) == clustered_wilson(np.array([]))


def test_where_all_are_right_a_group_counts_as_one():
    low, _ = clustered_wilson(np.ones(100), np.arange(100) // 10)
    assert low < wilson(10, 10)[0] < wilson(100, 100)[0]
    assert effective_counts(np.ones(100), np.arange(100) // 10) < 10


def test_groups_that_are_more_alike_than_chance_say_do_not_narrow_it():
    alternate = np.array([1.0, 0.0] * 50)
    assert design_effect(alternate, np.arange(100) // 2) == 1.0
    assert effective_counts(alternate, np.arange(100) // 2) <= 100


@pytest.mark.parametrize(("groups", "size"), [(120, 5), (20, 10)])
def test_it_covers_the_true_share_about_95_times_in_100(groups: int, size: int):
    rng, names, covered, plain = np.random.default_rng(0), np.arange(groups).repeat(size), 0, 0
    for _ in range(400):
        right = (rng.random(groups * size) < rng.beta(1.6, 0.4, groups).repeat(size)).astype(float)
        low, high = clustered_wilson(right, names)
        covered += low <= 0.8 <= high
        low, high = wilson(right.sum(), len(right))
        plain += low <= 0.8 <= high
    assert covered / 400 > 0.91 and plain / 400 < 0.87


def test_a_question_that_no_group_names_is_its_own_group():
    found = group_labels(["1", "2", "3"], {"1": "a", "2": "a"})
    assert found is not None and found.tolist() == ["a", "a", "question 3"]
