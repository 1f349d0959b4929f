"""P-values, survivors and calibrated gates are MAPIE's."""

from typing import Any

import numpy as np
import pytest

from cope.optimize.calibration.risk_test import p_values, survivors
from cope.optimize.calibration.selection import learn_then_test

pytestmark = pytest.mark.slow  # importing MAPIE brings scikit-learn, which takes seconds


def bounds_of_mapie(rates: Any, units: int, harm: float, **more: Any) -> Any:
    from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value

    return np.minimum(compute_hoeffding_bentkus_p_value(rates, units, harm, **more)[:, 0], 1.0)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("units", "harm"), [(1, 0.5), (40, 0.1), (333, 0.02)])
def test_p_values_are_mapies(units: int, harm: float, exact: bool):
    total = np.arange(units + 1)
    rates = total / units
    # MAPIE counts from the rate, and counts one more where rate times units comes out above the count in floating point.
    sound = np.ceil(units * rates) == total
    assert sound.mean() > 0.9
    theirs = bounds_of_mapie(rates[sound], units, harm, binary=exact)
    np.testing.assert_allclose(p_values(total[sound], units, harm, exact), theirs, rtol=1e-9)


def test_losses_between_0_and_1_are_mapies_too():
    total = np.random.default_rng(0).uniform(0, 50, 100)
    theirs = bounds_of_mapie(total / 200, 200, 0.1)
    np.testing.assert_allclose(p_values(total, 200, 0.1, exact=False), theirs, rtol=1e-9)


def test_survivors_are_mapies():
    from mapie.risk_control.fwer_control import control_fwer

    rng = np.random.default_rng(1)
    for _ in range(200):
        p = rng.uniform(0, 0.15, 12)
        assert list(range(survivors(p, 0.1))) == control_fwer(p, 0.1, "fixed_sequence").tolist()


def test_a_gated_cascade_is_calibrated_as_by_mapies_controller():
    """One gate in front of the large model: accepting a wrong answer where the large model is right is the risk."""
    from mapie.risk_control import BinaryClassificationController, BinaryRisk

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
