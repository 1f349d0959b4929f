"""What orders the settings: without questions by the thresholds, and never by the losses that are tested."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from support.imported_recordings import imported, lossless
from support.recordings import recorder, recording, team_of, unsure
from support.sweeps import sweep

from cope import CopeError, load_preset
from cope.eval import Recording, Replay
from cope.models import Price
from cope.optimize.calibration import (
    CalibrationTarget,
    Certificate,
    calibrate,
    certify,
    load_certificate,
)
from cope.optimize.calibration.risk_test import fewest_units, p_values
from cope.optimize.calibration.sequence import (
    MONOTONE,
    SPLIT,
    fewest_by_sequence,
    monotone_path,
    resolve_sequence,
    split_from,
)
from cope.optimize.calibration.split import all_for_testing, split_in_half
from cope.util.hashing import digest

SHARES = st.floats(0.0005, 0.999)


@given(harm=SHARES, delta=SHARES)
def test_so_few_pass_without_loss_and_fewer_never(harm: float, delta: float):
    fewest = fewest_units(harm, delta)
    assert abs(fewest - max(1, math.log(delta) / math.log(1 - harm))) <= 1
    for exact in (True, False):
        assert p_values(0, fewest, harm, exact) <= delta * (1 + 1e-9)
        if fewest > 1:
            every = np.arange(min(fewest, 50))
            assert (p_values(every, fewest - 1, harm, exact) > delta * (1 - 1e-9)).all()


@given(harm=SHARES, delta=SHARES)
def test_each_sequence_tests_its_fewest_and_no_smaller_record(harm: float, delta: float):
    needed, fewest = fewest_by_sequence(harm, delta), fewest_units(harm, delta)
    ways = {MONOTONE: all_for_testing, SPLIT: split_in_half}
    for name, divide in ways.items():
        questions = min(needed[name], 400)
        made = divide([f"k{n}" for n in range(questions)])
        assert made.units == questions
        if questions == needed[name]:
            assert made.test.units >= fewest
            smaller = divide([f"k{n}" for n in range(questions - 1)])
            assert smaller.test.units < fewest or not smaller.learn.units
    assert split_from(harm, delta) >= needed[SPLIT]


@given(units=st.integers(1, 5_000), harm=SHARES, delta=SHARES)
def test_auto_looks_at_the_number_of_questions_only(units: int, harm: float, delta: float):
    expected = SPLIT if units >= 4 * fewest_units(harm, delta) else MONOTONE
    assert resolve_sequence("auto", units, harm, delta) == expected
    for name in (MONOTONE, SPLIT):
        assert resolve_sequence(name, units, harm, delta) == name
    with pytest.raises(CopeError, match="did you mean monotone"):
        resolve_sequence("monotonic", units, harm, delta)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_the_path_lowers_one_threshold_a_step_and_leaves_out_none(votes: list[int]):
    levels = [np.arange(count, 0, -1) / count for count in votes]
    path = monotone_path(levels)
    assert path[0] == (1.0,) * len(votes)
    assert path[-1] == tuple(1 / count for count in votes)
    assert len(path) == sum(votes) - len(votes) + 1
    for before, after in pairwise(path):
        (lowered,) = [gate for gate in range(len(votes)) if before[gate] != after[gate]]
        assert after[lowered] < before[lowered]
        left = [levels[gate][levels[gate] < before[gate]] for gate in range(len(votes))]
        assert after[lowered] == max(level[0] for level in left if level.size)


@pytest.fixture(scope="module")
def cascade(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    preset = load_preset("cope").with_overrides(samples=3)
    return recording(
        recorder(team_of(unsure), preset, "large"), tmp_path_factory.mktemp("cascade"), 20
    )


PRICES = {"small": Price(1, 1), "large": Price(100, 100)}
LAX = CalibrationTarget(harm=0.75, delta=0.2, sequence=MONOTONE)


@pytest.mark.slow
def test_the_path_accepts_more_and_uses_less_at_each_step(cascade: Recording):
    found = calibrate(cascade, LAX, PRICES)
    assert [setting.thresholds for setting in found.grid.settings] == monotone_path(
        [np.arange(3, 0, -1) / 3] * 2
    )
    assert {setting.samples for setting in found.grid.settings} == {3}
    for name in ("cost", "large-calls", "large-tokens"):
        assert (np.diff(found.grid.learn_use[name]) <= 1e-12).all(), name


@pytest.mark.slow
def test_all_questions_test_and_none_orders(cascade: Recording):
    found = calibrate(cascade, LAX, PRICES)
    assert found.setting is not None and found.replay is not None
    outcomes, right = found.replay.outcomes(), found.baseline.outcomes().score >= 1.0
    lost = np.where(outcomes.known, (outcomes.score < 1.0) & right, True)
    assert found.p_value == p_values(lost.sum(), 20, 0.75)
    assert (found.split.learn.units, found.split.test.units) == (0, 20)
    assert found.held_out[1].questions == 20
    made = certify(found)
    assert made.data["learn"] == {"questions": 0, "units": 0} and made.rows["learn"] == []
    assert made.data["test"]["questions"] == len(set(made.rows["test"])) == 20
    assert {row["learn_loss"] for row in made.tested} == {None}
    assert made.sequence == {
        "name": "monotone",
        "asked": "monotone",
        "units": 20,
        "needed": {"monotone": 2, "split": 3},
    }


@sweep("sequence", [MONOTONE, SPLIT], every=2)
def test_other_losses_of_the_tested_questions_leave_the_order(cascade: Recording, sequence: str):
    target = CalibrationTarget(harm=0.8, delta=0.2, sequence=sequence)
    found = calibrate(cascade, target, PRICES)
    scores = cascade.column("score").copy()
    rows = np.concatenate([round_.rows[found.split.test.rows].ravel() for round_ in cascade.rounds])
    scores[rows] = 1 - scores[rows]
    place = cascade.table.column_names.index("score")
    table = cascade.table.set_column(place, "score", [scores])
    other = calibrate(Recording(cascade.manifest, table), target, PRICES)
    assert other.grid.settings == found.grid.settings
    assert other.selection.sequence.tolist() == found.selection.sequence.tolist()
    assert other.selection.p_values.tolist() != found.selection.p_values.tolist()


def test_a_budget_chooses_among_those_that_passed_and_changes_no_test(cascade: Recording):
    free = calibrate(cascade, LAX, PRICES)
    passed = free.selection.sequence[: free.selection.num_passed]
    usd = free.grid.learn_use["cost"][passed] * 1000
    assert usd[-1] < usd[0]
    target = CalibrationTarget(**vars(LAX) | {"budget": float(usd[-1]) * 1.001})
    kept = calibrate(cascade, target, PRICES)
    assert kept.selection.p_values.tolist() == free.selection.p_values.tolist()
    assert kept.grid.learn_use["cost"][kept.selection.chosen] * 1000 <= target.budget
    with pytest.raises(CopeError, match="nothing within .* passes the test"):
        calibrate(cascade, CalibrationTarget(**vars(LAX) | {"budget": 1e-9}), PRICES)


@pytest.mark.parametrize("sequence", [MONOTONE, SPLIT])
def test_where_the_large_model_is_above_the_budget_a_slower_cascade_is_chosen(
    cascade: Recording, sequence: str, monkeypatch: pytest.MonkeyPatch
):
    def use(baseline: Replay, measure: str, split: object) -> float:
        return {"seconds": 0.0, "cost": 1.0}[measure]

    monkeypatch.setattr("cope.optimize.calibration.calibration._mean_use", use)
    target = CalibrationTarget(**vars(LAX) | {"minimize": "seconds", "sequence": sequence})
    assert calibrate(cascade, target, PRICES).setting is None
    limited = CalibrationTarget(**vars(target) | {"budget": 999.0})
    assert calibrate(cascade, limited, PRICES).setting is not None


@pytest.mark.parametrize(
    ("questions", "sequence", "chosen"),
    [
        (20, "auto", True),
        (20, MONOTONE, True),
        (20, SPLIT, False),
        (14, "auto", False),
        (60, "auto", True),
        (60, SPLIT, True),
    ],
)
def test_twenty_questions_without_loss_are_enough_where_all_test(
    questions: int, sequence: str, chosen: bool, tmp_path: Path
):
    """At 15% and delta 0.1, 15 questions without loss pass where all of them test."""
    record = lossless(tmp_path, questions)
    found = calibrate(record, CalibrationTarget(harm=0.15, sequence=sequence))
    assert (found.setting is not None) == chosen
    if sequence == "auto":
        assert found.sequence == (SPLIT if questions >= 60 else MONOTONE)


def test_groups_are_counted_and_not_questions(tmp_path: Path):
    record = imported(tmp_path, 60, group="page", page=lambda n: f"page {n // 3}")
    found = calibrate(record, CalibrationTarget(harm=0.3))
    assert found.sequence == MONOTONE and found.split.units == 20
    assert found.split.test.weights.sum() == pytest.approx(20)
    ids = calibrate(record, CalibrationTarget(harm=0.3, group="id"))
    assert ids.sequence == SPLIT and ids.split.units == 60


def test_one_question_is_enough_to_test_and_not_to_split(tmp_path: Path):
    record = imported(tmp_path, 2)
    lone = CalibrationTarget(harm=0.9, delta=0.5)
    assert calibrate(record, lone, rows=np.array([0])).split.test.units == 1
    with pytest.raises(CopeError, match="--sequence monotone"):
        calibrate(record, CalibrationTarget(harm=0.9, sequence=SPLIT), rows=np.array([0]))


def test_a_file_of_before_is_of_a_split(cascade: Recording, tmp_path: Path):
    made = certify(calibrate(cascade, CalibrationTarget(harm=0.8, delta=0.2), PRICES))
    plain = made.as_dict()
    del plain["sequence"], plain["digest"]
    plain["digest"] = digest(json.loads(json.dumps(plain)))
    (tmp_path / "c.json").write_text(json.dumps(plain))
    loaded = load_certificate(tmp_path / "c.json")
    assert loaded.sequence == {"name": "split"}
    assert isinstance(loaded, Certificate) and loaded.setting is not None
    assert Replay(cascade, thresholds=tuple(loaded.setting["thresholds"])).known.any()
