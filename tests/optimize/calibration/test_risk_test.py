"""The statistics: p-values, survivors, and the number of questions that is said to do does. `test_mapie` compares."""

import numpy as np
import pytest
from scipy.special import bdtr

from cope.optimize.calibration.risk_test import groups_needed, p_values, survivors, units_needed


def test_an_exact_p_value_is_the_binomial_tail():
    assert p_values(3, 200, 0.02) == pytest.approx(bdtr(3, 200, 0.02))
    assert p_values(0, 0, 0.02) == 1.0, "nothing is known of nobody"
    assert p_values(1 / 3 + 1 / 3 + 1 / 3, 200, 0.02) == p_values(1, 200, 0.02)


def test_losses_between_0_and_1_have_the_hoeffding_bentkus_bound():
    """The figures are those of MAPIE 1.6."""
    assert p_values([4.5, 12.0], 200, 0.1, exact=False) == pytest.approx(
        [7.97556571e-05, 8.71114969e-02]
    )


def test_survivors_are_those_before_the_first_that_is_too_high():
    assert survivors([0.01, 0.1, 0.11, 0.001], 0.1) == 2
    assert survivors([0.2, 0.01], 0.1) == survivors([], 0.1) == 0
    assert survivors([0.1, 0.02], 0.1) == 2


@pytest.mark.parametrize(("rate", "harm"), [(0.0, 0.02), (0.01, 0.02), (0.005, 0.02), (0.03, 0.1)])
def test_so_many_units_do(rate: float, harm: float):
    units = units_needed(rate, harm, 0.1)
    assert units is not None
    passes = [lost for lost in range(units) if p_values(lost, units, harm) <= 0.1]
    assert bdtr(max(passes), units, rate) >= 0.8
    fewer = units // 2
    passes = [lost for lost in range(fewer) if p_values(lost, fewer, harm) <= 0.1]
    assert not passes or bdtr(max(passes), fewer, rate) < 0.8


@pytest.mark.parametrize(
    "losses",
    [np.zeros(300), np.repeat([0.0, 1 / 3], [290, 10]), np.repeat([0.0, 0.1, 1.0], [270, 29, 1])],
)
def test_so_many_groups_do(losses: np.ndarray):
    """By the p-value of groups, which asks for more of them than that of single questions."""
    units = groups_needed(losses, 0.05, 0.1)
    assert units is not None
    rng, seen = np.random.default_rng(1), np.append(losses, 0.5)

    def power(units: int) -> float:
        totals = rng.choice(seen, (2000, units)).sum(axis=1)
        return float((p_values(totals, units, 0.05, exact=False) <= 0.1).mean())

    assert power(units) >= 0.77, "0.8, and chance"
    assert power(units // 2) < 0.7
    single = units_needed(float(seen.mean()), 0.05, 0.1)
    assert single is not None and units >= single * (1.25 if losses.any() else 1)


def test_no_number_of_groups_does_where_the_risk_is_not_lower():
    assert groups_needed(np.full(50, 0.05), 0.05, 0.1) is None


def test_no_number_does_where_the_risk_is_not_lower():
    assert units_needed(0.02, 0.02, 0.1) is None
    assert units_needed(0.01999, 0.02, 0.1) is None
