"""Bounds of a paired difference: their error is held by enumeration, and small cases are worked out by hand."""

import numpy as np
import pytest
from scipy.special import gammaln, xlogy
from support.sweeps import sweep

from cope.stats.noninferiority import (
    ONE_SIDED_ALPHA,
    exact_lower_bound,
    exact_p,
    score_lower_bound,
    score_statistic,
)
from cope.stats.power import questions_for_margin

DIFFERENCES = (-0.5, -0.2, -0.05, -0.01, 0.0, 0.1)


def outcomes(questions: int) -> list[tuple[int, int]]:
    """All counts of wins and losses on so many questions."""
    return [(b, c) for b in range(questions + 1) for c in range(questions + 1 - b)]


def chances(counts: list[tuple[int, int]], n: int, difference: float, discordant: float):
    """The chance of each outcome if shares of wins and losses have this difference and sum."""
    b, c = np.array(counts).T
    won, lost = (discordant + difference) / 2, (discordant - difference) / 2
    ways = gammaln(n + 1) - gammaln(b + 1) - gammaln(c + 1) - gammaln(n - b - c + 1)
    return np.exp(ways + xlogy(b, won) + xlogy(c, lost) + xlogy(n - b - c, 1 - discordant))


@pytest.mark.parametrize("n", [1, 4, 11])
def test_the_exact_test_never_rejects_more_often_than_its_level(n: int):
    counts = outcomes(n)
    for difference in DIFFERENCES:
        p = np.array([exact_p(b, c, n, difference) for b, c in counts])
        for discordant in np.linspace(abs(difference) + 1e-9, 1 - 1e-9, 29):
            for alpha in (0.01, 0.05, 0.2):
                rejects = chances(counts, n, difference, discordant)[p <= alpha].sum()
                assert rejects <= alpha + 1e-9


@sweep("n", [2, 9], every=2)
def test_the_exact_bound_is_too_high_no_more_often_than_its_level(n: int):
    counts = outcomes(n)
    bounds = np.array([exact_lower_bound(b, c, n) for b, c in counts])
    for difference in np.linspace(-0.95, 0.95, 25):
        for discordant in np.linspace(abs(difference), 1, 12):
            missed = chances(counts, n, difference, discordant)[bounds > difference].sum()
            assert missed <= ONE_SIDED_ALPHA + 1e-9


def test_the_score_bound_is_close_to_its_level_where_it_replaces_the_exact_one():
    counts = [(b, c) for b in range(130) for c in range(130)]
    b, c = np.array(counts).T
    for difference, discordant in ((-0.02, 0.3), (-0.1, 0.3), (0.0, 0.5)):
        statistic = score_statistic(b, c, 260, difference)
        missed = chances(counts, 260, difference, discordant)[statistic > 1.6449].sum()
        assert missed == pytest.approx(ONE_SIDED_ALPHA, abs=0.004)


def test_without_discordant_questions_the_bound_is_that_of_a_share():
    """All n agree with chance (1 - m)^n if a share m is lost: the rule of three."""
    assert exact_p(0, 0, 20, -0.05) == pytest.approx(0.95**20 + 1e-4)
    for n in (20, 148):
        assert exact_lower_bound(0, 0, n) == pytest.approx(0.0499 ** (1 / n) - 1, abs=1e-4)
        z_squared = 1.6449**2
        assert score_lower_bound(0, 0, n) == pytest.approx(-z_squared / (n + z_squared), abs=1e-5)


def test_one_question_is_worked_out_by_hand():
    """Of one question: a loss has the largest chance 1, a tie 1 + d if at most |d| is discordant."""
    assert exact_p(0, 1, 1, -0.3) == 1.0
    assert exact_p(0, 0, 1, -0.3) == pytest.approx(0.7 + 1e-4)
    assert exact_p(1, 0, 1, -0.3) == pytest.approx(0.35 + 1e-4)


def test_the_score_bound_is_worked_out_by_hand():
    """1 win on 44 questions, d = -0.0594: q = 2 * 6.168 / 176, variance 3.40, 3.61 / 3.40^0.5 = 1.96."""
    assert score_lower_bound(1, 0, 44, 0.025) == pytest.approx(-0.0594, abs=0.0001)
    assert score_statistic(1, 0, 44, -0.0594) == pytest.approx(1.96, abs=0.001)


def test_at_no_difference_the_statistic_is_mcnemars():
    assert score_statistic(12, 3, 50, 0.0) ** 2 == pytest.approx((12 - 3) ** 2 / 15)
    assert score_statistic(7, 7, 50, 0.0) == score_statistic(0, 0, 9, 0.0) == 0


@sweep("bound", [exact_lower_bound, score_lower_bound], every=2)
def test_more_wins_raise_the_bound_and_more_losses_lower_it(bound):
    for b, c, n in ((0, 0, 30), (2, 5, 30), (9, 1, 200), (14, 14, 300)):
        here = bound(b, c, n)
        assert bound(b + 1, c, n) >= here >= bound(b, c + 1, n)
        assert -1 <= here <= (b - c) / n
        assert bound(b, c, n, 0.01) <= here <= bound(b, c, n, 0.2)


def test_few_discordant_questions_of_many_differ_little_between_both_bounds():
    for b, c, n in ((20, 25, 1000), (3, 6, 400), (0, 30, 900), (30, 0, 900)):
        assert exact_lower_bound(b, c, n) == pytest.approx(score_lower_bound(b, c, n), abs=0.004)


@pytest.mark.parametrize(
    ("won", "lost", "margin"), [(0.1, 0.1, 0.1), (0.2, 0.15, 0.05), (0.1, 0.13, 0.1)]
)
def test_the_number_of_questions_has_the_power_that_it_names(
    won: float, lost: float, margin: float
):
    n = questions_for_margin(1e6 * won, 1e6 * lost, 1e6, margin)
    assert n is not None
    spread = int(n * (won + lost)) + 40
    counts = [(b, c) for b in range(spread) for c in range(spread) if b + c <= n]
    b, c = np.array(counts).T
    shows = score_statistic(b, c, n, -margin) > 1.6449
    power = chances(counts, n, won - lost, won + lost)[shows].sum()
    assert power == pytest.approx(0.8, abs=0.02)


def test_no_number_of_questions_shows_what_is_beyond_the_margin():
    assert questions_for_margin(2, 12, 200, 0.02) is None
    few, many = questions_for_margin(6, 4, 200, 0.05), questions_for_margin(6, 4, 200, 0.01)
    assert few is not None and many is not None and few < many
