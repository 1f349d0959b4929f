"""Tests of drift: how often they raise a false alarm, and how soon they see a change."""

from itertools import pairwise

import numpy as np
import pytest
from support.sweeps import mostly_slow, sweep

from cope.stats.drift import exceeds_p_value, homogeneity_p_value


@sweep("shares", [[0.5, 0.5], [0.9, 0.08, 0.02], [0.125] * 8, [0.99, 0.01]], every=3)
@pytest.mark.parametrize(("then", "now"), [(20, 30), (300, 60)])
def test_without_a_change_alarms_are_as_rare_as_stated(
    shares: list[float], then: int, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cope.stats.drift._TABLES", 199)  # the p-value is valid for any number
    rng = np.random.default_rng(0)
    alarms = 0
    for seed in range(300):
        first, second = rng.multinomial(then, shares), rng.multinomial(now, shares)
        alarms += homogeneity_p_value(first, second, seed) <= 0.05
    assert alarms <= 27  # 15 are expected at most; 27 or more have a probability of 0.3%


def test_a_change_of_shares_is_seen() -> None:
    assert homogeneity_p_value([180, 20], [120, 80]) < 0.001
    assert homogeneity_p_value([50, 50, 0], [40, 40, 20]) < 0.001


@pytest.mark.parametrize(
    ("first", "second"), [([], []), ([0, 0], [3, 1]), ([5], [7]), ([2, 0], [4, 0])]
)
def test_nothing_to_compare_is_no_drift(first: list[int], second: list[int]) -> None:
    assert homogeneity_p_value(first, second) == 1.0


@pytest.mark.slow
def test_the_p_value_is_that_of_the_exact_test_of_two_by_two_tables() -> None:
    from scipy.stats import fisher_exact

    # Pearson's statistic orders these tables as their probabilities do.
    for table in ([[30, 10], [20, 20]], [[3, 7], [8, 2]]):
        exact = fisher_exact(table).pvalue
        assert homogeneity_p_value(*table) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("rate", mostly_slow([0.02, 0.1, 0.5], 0.1))
def test_alarms_are_rare_however_often_one_looks(rate: float) -> None:
    rng = np.random.default_rng(1)
    # The p-value of a sequence is the lowest of all looks at its beginnings.
    alarms = sum(exceeds_p_value(rng.random(500) < rate, rate) <= 0.05 for _ in range(300))
    assert alarms <= 27


def test_a_look_is_never_above_an_earlier_one() -> None:
    lost = np.random.default_rng(2).random(200) < 0.1
    looks = [exceeds_p_value(lost[:n], 0.05) for n in range(201)]
    assert looks[0] == 1.0 and all(a >= b for a, b in pairwise(looks))


@pytest.mark.parametrize(("promised", "rate", "questions"), [(0.02, 0.1, 300), (0.1, 0.3, 150)])
def test_a_rate_above_the_promise_is_seen_soon(
    promised: float, rate: float, questions: int
) -> None:
    rng = np.random.default_rng(3)
    seen = sum(exceeds_p_value(rng.random(questions) < rate, promised) <= 0.05 for _ in range(100))
    assert seen >= 90


@pytest.mark.parametrize("lost", [[True] * 5000, [False] * 5000, [False] * 4000 + [True] * 100])
def test_long_sequences_have_finite_p_values(lost: list[bool]) -> None:
    assert 0.0 <= exceeds_p_value(lost, 0.05) <= 1.0


@pytest.mark.slow
def test_the_evidence_is_the_mixed_likelihood_ratio() -> None:
    from scipy.integrate import quad
    from scipy.stats import beta

    most, lost = 0.05, [True, False, True, False, False]

    def integrand(rate: float, k: int, n: int) -> float:
        ratio = (rate / most) ** k * ((1 - rate) / (1 - most)) ** (n - k)
        return ratio * beta(0.5, 0.5).pdf(rate)

    evidence = []
    for n in range(1, 6):
        k = sum(lost[:n])
        mass = 1 - beta(0.5, 0.5).cdf(most)
        evidence.append(quad(integrand, most, 1, args=(k, n))[0] / mass)
    assert exceeds_p_value(lost, most) == pytest.approx(min(1.0, 1 / max(evidence)), rel=1e-6)
