"""pass^k and the components of variance, worked out by hand and found again in simulated scores."""

from itertools import combinations

import numpy as np
import pytest

from cope.stats.repeats import consistency

FOUR = np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_four_questions_with_three_seeds_are_worked_out_by_hand():
    """Right 3, 2, 0 and 1 times of 3: variances 0, 1/3, 0 and 1/3; means 1, 2/3, 0 and 1/3."""
    found = consistency(FOUR)
    assert found.accuracy == 0.5 and found.accuracies == (0.5, 0.5, 0.5)
    assert found.pass_hat == pytest.approx((0.5, (3 + 1) / 3 / 4, 1 / 4))
    assert found.unstable == 0.5
    assert found.seed_variance == pytest.approx(1 / 6)
    of_means = (0.25 + 1 / 36 + 0.25 + 1 / 36) / 3
    assert found.question_variance == pytest.approx(of_means - 1 / 18)
    assert found.seed_share == pytest.approx((1 / 18) / of_means)
    assert found.half_width == pytest.approx(3.1824 * (of_means / 4) ** 0.5, rel=1e-4)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_pass_hat_is_the_mean_over_all_choices_of_attempts(seeds: int):
    scores = (np.random.default_rng(seeds).random((30, seeds)) < 0.6).astype(float)
    found = consistency(scores)
    for j in range(1, seeds + 1):
        chosen = [
            scores[:, list(some)].all(axis=1).mean() for some in combinations(range(seeds), j)
        ]
        assert found.pass_hat[j - 1] == pytest.approx(np.mean(chosen))


def test_the_components_of_simulated_scores_are_found_again():
    rng = np.random.default_rng(1)
    chance = rng.choice([0.2, 0.9], 4000)
    found = consistency((rng.random((4000, 4)) < chance[:, None]).astype(float))
    assert found.question_variance == pytest.approx(0.35**2, abs=0.01)
    assert found.seed_variance == pytest.approx((0.2 * 0.8 + 0.9 * 0.1) / 2, abs=0.01)


def test_the_same_answers_with_every_seed_leave_the_variance_to_the_questions():
    found = consistency(np.array([[1.0, 1.0]] * 6 + [[0.0, 0.0]] * 4))
    assert (found.unstable, found.seed_variance, found.seed_share) == (0.0, 0.0, 0.0)
    assert found.pass_hat == (0.6, 0.6)
    assert found.half_width_of_many_seeds == found.half_width


def test_answers_by_chance_alone_leave_it_to_the_seeds():
    found = consistency(np.array([[1.0, 0.0], [0.0, 1.0]] * 8))
    assert (found.question_variance, found.unstable) == (0.0, 1.0)
    assert found.seed_share == 1.0 and found.half_width_of_many_seeds == 0.0


def test_questions_of_one_group_count_as_one():
    scores = np.repeat(np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]), 5, axis=0)
    grouped, alone = consistency(scores, np.arange(4).repeat(5)), consistency(scores)
    assert grouped.design_effect == pytest.approx(5.0)
    assert grouped.half_width > 2 * alone.half_width
    assert consistency(FOUR[:1]).as_dict()["half_width"] is None
