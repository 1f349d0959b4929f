"""The statistics: p-values and survivors are MAPIE's, and the number of questions that is said to do does."""

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController, BinaryRisk
from mapie.risk_control.fwer_control import control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.stats import binom

from cope.optimize.calibration.risk_test import groups_needed, p_values, survivors, units_needed
from cope.optimize.calibration.selection import learn_then_test


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("units", "harm"), [(1, 0.5), (40, 0.1), (333, 0.02)])
def test_p_values_are_mapies(units: int, harm: float, exact: bool):
    total = np.arange(units + 1)
    rates = total / units
    # MAPIE counts from the rate, and counts one more where rate times units comes out above the count in floating point.
    sound = np.ceil(units * rates) == total
    assert sound.mean() > 0.9
    theirs = compute_hoeffding_bentkus_p_value(rates[sound], units, harm, binary=exact)[:, 0]
    np.testing.assert_allclose(
        p_values(total[sound], units, harm, exact), np.minimum(theirs, 1.0), rtol=1e-9
    )


def test_losses_between_0_and_1_are_mapies_too():
    total = np.random.default_rng(0).uniform(0, 50, 100)
    theirs = compute_hoeffding_bentkus_p_value(total / 200, 200, 0.1)[:, 0]
    np.testing.assert_allclose(
        p_values(total, 200, 0.1, exact=False), np.minimum(theirs, 1.0), rtol=1e-9
    )


def test_an_exact_p_value_is_the_binomial_tail():
    assert p_values(3, 200, 0.02) == pytest.approx(binom.cdf(3, 200, 0.02))
    assert p_values(0, 0, 0.02) == 1.0, "nothing is known of nobody"
    assert p_values(1 / 3 + 1 / 3 + 1 / 3, 200, 0.02) == p_values(1, 200, 0.02)


def test_survivors_are_mapies():
    rng = np.random.default_rng(1)
    for _ in range(200):
        p = rng.uniform(0, 0.15, 12)
        assert list(range(survivors(p, 0.1))) == control_fwer(p, 0.1, "fixed_sequence").tolist()
    assert survivors([], 0.1) == 0


def test_a_gated_cascade_is_calibrated_as_by_mapies_controller():
    """One gate in front of the large model: accepting a wrong answer where the large model is right is the risk."""
    rng, taus = np.random.default_rng(2), np.arange(8, 0, -1) / 8
    confidence = rng.integers(1, 9, 400) / 8
    lost = (rng.random(400) < 0.25 * (1 - confidence) + 0.01).astype(
        int
    )  # if the small answer is accepted
    risk = BinaryRisk(
        lambda y, accepted: (y == 1) & (accepted == 1),
        lambda y, accepted: np.full(y.shape, True),
        False,
    )
    theirs = BinaryClassificationController(
        lambda X: np.stack([1 - np.asarray(X), X], axis=1),
        risk,
        0.06,
        confidence_level=0.9,
        best_predict_param_choice=risk,
        list_predict_params=taus,
        fwer_method="fixed_sequence",
    ).calibrate(confidence, lost)

    losses = (confidence[:, None] >= taus) * lost[:, None]
    cost = (confidence[:, None] < taus).mean(axis=0)
    ours = learn_then_test((np.arange(8.0), cost), losses.sum(axis=0), 400, 0.06, 0.1)
    assert 1 < ours.num_passed < 8
    np.testing.assert_allclose(taus[ours.sequence[: ours.num_passed]], theirs.valid_predict_params)
    sound = np.ceil(losses.mean(axis=0) * 400) == losses.sum(axis=0)
    assert sound.sum() > 6
    np.testing.assert_allclose(
        ours.p_values[sound], np.asarray(theirs.p_values)[sound, 0], rtol=1e-9
    )


@pytest.mark.parametrize(("rate", "harm"), [(0.0, 0.02), (0.01, 0.02), (0.005, 0.02), (0.03, 0.1)])
def test_so_many_units_do(rate: float, harm: float):
    units = units_needed(rate, harm, 0.1)
    assert units is not None
    passes = [lost for lost in range(units) if p_values(lost, units, harm) <= 0.1]
    assert binom.cdf(max(passes), units, rate) >= 0.8
    fewer = units // 2
    passes = [lost for lost in range(fewer) if p_values(lost, fewer, harm) <= 0.1]
    assert not passes or binom.cdf(max(passes), fewer, rate) < 0.8


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
