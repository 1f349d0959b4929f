"""McNemar's test, its grouped form, Holm's correction, and the number of questions that settle a difference."""

from math import comb

import numpy as np
import pytest
from scipy.special import bdtr

from cope.stats.paired import holm, holm_levels, mcnemar, paired_p, sign_flip_p
from cope.stats.power import minimum_detectable_effect, questions_needed


def test_mcnemar_is_the_exact_binomial_test_on_a_worked_example():
    ours = np.array([True] * 12 + [False] * 3 + [True] * 20 + [False] * 5)
    theirs = np.array([False] * 12 + [True] * 3 + [True] * 20 + [False] * 5)
    tail = sum(comb(15, k) for k in (0, 1, 2, 3)) / 2**15
    assert paired_p(ours, theirs) == pytest.approx(2 * tail)
    assert paired_p(ours, theirs) == mcnemar(12, 3) == paired_p(theirs, ours)
    assert mcnemar(0, 0) == 1.0


@pytest.mark.parametrize(("gained", "lost"), [(12, 3), (1, 0), (7, 7), (0, 9)])
def test_groups_of_one_question_give_mcnemars_p(gained: int, lost: int):
    assert sign_flip_p(np.array([1] * gained + [-1] * lost + [0] * 4)) == pytest.approx(
        mcnemar(gained, lost)
    )


def test_the_grouped_test_counts_the_signs_that_are_as_far_apart():
    """Of the 8 ways to sign 3, 1 and 1, the sums of two are 5 apart from 0, and of four at least 3."""
    assert sign_flip_p(np.array([3, 1, 1])) == 2 / 8
    assert sign_flip_p(np.array([3, -1, 1])) == 6 / 8
    assert sign_flip_p(np.zeros(3, dtype=int)) == 1.0


def test_the_grouped_test_keeps_its_level_where_mcnemars_does_not():
    rng, found, alone = np.random.default_rng(2), 0, 0
    groups = np.arange(30).repeat(6)
    for _ in range(200):
        better = (
            rng.random(30).repeat(6) < 0.5
        )  # which of the two a group suits: neither is better as a whole
        differ = rng.random(180) < 0.4
        ours, theirs = better & differ, ~better & differ
        found += paired_p(ours, theirs, groups) <= 0.05
        alone += paired_p(ours, theirs) <= 0.05
    assert found / 200 <= 0.07 < 0.15 < alone / 200


def test_holm_on_known_values():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02] and holm([]) == []
    assert holm([0.001, 0.001]) == [0.002, 0.002]
    assert holm_levels([0.01, 0.04, 0.03], 0.06) == pytest.approx([0.02, 0.06, 0.03])


def p_values(gained: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """McNemar's p-values of many pairs of counts at once."""
    tail = bdtr(np.minimum(gained, lost), gained + lost, 0.5)
    found = np.minimum(1.0, 2 * tail)
    assert found[0] == pytest.approx(mcnemar(int(gained[0]), int(lost[0])))
    return found


@pytest.mark.parametrize(
    ("difference", "discordant", "alpha"),
    [(0.1, 0.2, 0.05), (0.03, 0.1, 0.05), (0.05, 0.3, 0.05), (0.2, 0.3, 0.05), (0.1, 0.2, 0.0125)],
)
def test_so_many_questions_do_find_the_difference(
    difference: float, discordant: float, alpha: float
):
    n = questions_needed(difference, discordant, alpha)
    assert n is not None

    def power(questions: int) -> float:
        shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
        drawn, times = np.unique(
            np.random.default_rng(0).multinomial(questions, shares, size=4_000),
            axis=0,
            return_counts=True,
        )
        return float(np.average(p_values(drawn[:, 0], drawn[:, 1]) <= alpha, weights=times))

    assert 0.785 <= power(n) <= 0.865
    assert power(round(0.7 * n)) < 0.75, "far fewer do not"
    assert minimum_detectable_effect(n, discordant, alpha) == pytest.approx(difference, rel=0.02)


def test_no_difference_is_found_by_no_number_of_questions():
    assert questions_needed(0.0, 0.2) is None and questions_needed(0.1, 0.0) is None
    assert minimum_detectable_effect(10, 0.1) is None and minimum_detectable_effect(0, 0.1) is None
    assert questions_needed(-0.1, 0.2) == questions_needed(0.1, 0.2)
