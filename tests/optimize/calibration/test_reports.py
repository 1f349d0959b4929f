"""The reports beside a calibration: how far votes can be trusted, and what early stops save and change."""

from pathlib import Path

import numpy as np
import pytest
from support.imported_recordings import imported
from support.recordings import recorder, recording, team_of, unsure

from cope import load_preset
from cope.eval import Recording, Replay
from cope.optimize.calibration.early_stop_report import compare_early_stops
from cope.optimize.calibration.reliability import cross_fitted_isotonic, reliability
from cope.stats.intervals import wilson


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return imported(tmp_path_factory.mktemp("imported"), 600, seed=1)


@pytest.mark.slow
def test_each_level_of_confidence_is_held_against_the_truth(record: Recording):
    replay = Replay(record, thresholds=(0.75,))
    (found,) = reliability(replay)
    assert (found.round, found.population, found.questions) == (1, "all", 600)
    confidence, right = replay.confidence[:, 0], replay.scores[:, 0] == 1
    for level in found.levels:
        here = np.isclose(confidence, level.confidence)
        assert (level.questions, level.right) == (here.sum(), right[here].sum())
        assert level.interval == wilson(level.right, level.questions)
        assert level.accepted == (level.confidence >= 0.75)
    assert [level.confidence for level in found.levels] == [1.0, 0.75, 0.5, 0.25]
    assert found.brier[0] == pytest.approx(np.mean((confidence - right) ** 2))


@pytest.mark.slow
def test_an_overconfident_vote_is_recalibrated():
    rng = np.random.default_rng(2)
    confidence = rng.integers(1, 9, 2000) / 8
    right, folds = rng.random(2000) < confidence**3, np.arange(2000) % 2
    after = cross_fitted_isotonic(confidence, right, folds)
    assert np.abs(confidence - confidence**3).mean() > 0.2
    assert np.abs(after - confidence**3).mean() < 0.03


@pytest.mark.slow
def test_recalibration_is_not_flattered(record: Recording):
    (found,) = reliability(Replay(record))
    assert found.recalibrated_error > found.error_by_chance / 2, (
        "questions are not judged by a fit that saw them"
    )


@pytest.mark.slow
def test_noise_cannot_be_recalibrated_away():
    """Outcomes that have nothing to do with the confidence: a fit on the same questions would look better than it is."""
    rng = np.random.default_rng(0)
    confidence, right, folds = rng.integers(1, 9, 60) / 8, rng.random(60) < 0.5, np.arange(60) % 2
    fair = np.mean((cross_fitted_isotonic(confidence, right, folds) - right) ** 2)
    flattering = np.mean((cross_fitted_isotonic(confidence, right, np.zeros(60)) - right) ** 2)
    assert flattering < 0.25 < fair


@pytest.mark.slow  # importing scikit-learn takes seconds
def test_the_regression_is_scikit_learns():
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(1)
    confidence, folds = rng.integers(0, 9, 200) / 8, np.arange(200) % 2
    right = rng.random(200) < confidence**2
    ours = cross_fitted_isotonic(confidence, right, folds)
    for fold in (0, 1):
        fit = IsotonicRegression(out_of_bounds="clip").fit(
            confidence[folds != fold], right[folds != fold]
        )
        np.testing.assert_allclose(ours[folds == fold], fit.predict(confidence[folds == fold]))


@pytest.mark.slow
def test_later_rounds_are_reported_for_all_and_for_those_that_reach_them(tmp_path: Path):
    record = recording(
        recorder(team_of(unsure), load_preset("cope").with_overrides(samples=3)), tmp_path, 12
    )
    replay = Replay(record, thresholds=(1.0, 1.0))
    found = reliability(replay)
    assert [(row.round, row.population) for row in found] == [
        (1, "all"),
        (2, "all"),
        (2, "reaching"),
    ]
    assert found[2].questions == (replay.confidence[:, 0] < 1).sum() < found[1].questions == 12


@pytest.mark.slow
def test_rules_are_compared_on_the_same_samples(record: Recording):
    rows = {row.rule: row for row in compare_early_stops(Replay(record, thresholds=(0.75,)))}
    assert list(rows) == ["none", "exact", "adaptive-consistency", "esc"]
    assert (rows["none"].drawn, rows["none"].saved, rows["none"].changed) == (4.0, 0.0, 0.0)
    assert rows["exact"].changed == 0.0
    assert rows["exact"].saved > 0.1
    assert rows["exact"].wrong == rows["none"].wrong
    assert rows["esc"].saved > rows["exact"].saved
    assert rows["esc"].changed > 0.0
    assert rows["esc"].changed == pytest.approx(
        rows["esc"].accepted + rows["esc"].escalated + rows["esc"].another
    )
    assert compare_early_stops(Replay(record, thresholds=(0.75,))) == compare_early_stops(
        Replay(record, thresholds=(0.75,))
    )


def test_a_round_without_several_votes_has_nothing_to_stop(tmp_path: Path):
    record = recording(recorder(team_of(unsure), "large"), tmp_path, 2)
    assert compare_early_stops(Replay(record)) == []
    assert reliability(Replay(record)) == []
