"""A calibration from a record: what it chooses, guarantees and says when it cannot."""

from pathlib import Path

import numpy as np
import pytest
from support.imported_recordings import imported
from support.recordings import recorder, recording, team_of, unsure

from cope import CopeError, load_preset
from cope.eval import Recording, Replay
from cope.models import Price
from cope.optimize.calibration import Calibration, CalibrationTarget, calibrate, certify
from cope.optimize.calibration.risk_test import groups_needed, p_values, units_needed


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return imported(tmp_path_factory.mktemp("imported"))


def calls(found: Calibration) -> float:
    """Calls to the large tier by the chosen cascade, a held-out question."""
    chosen, _ = found.held_out
    assert chosen is not None and chosen.use["large-calls"] is not None
    return chosen.use["large-calls"]


def test_the_cheapest_setting_that_passes_is_chosen(record: Recording):
    found = calibrate(record, CalibrationTarget(harm=0.1))
    assert found.setting is not None
    assert found.target.minimize == "large-calls", "the only use that an import tells"
    chosen, large = found.held_out
    rows = found.split.test.rows
    replay = Replay(record, samples=found.setting.samples, thresholds=found.setting.thresholds)
    right, theirs = replay.outcomes().score[rows] == 1, found.baseline.outcomes().score[rows] == 1
    assert chosen.accuracy == right.mean()
    assert (chosen.harmed, chosen.helped) == ((theirs & ~right).sum(), (right & ~theirs).sum())
    assert large.accuracy == theirs.mean()
    assert found.p_value == p_values(chosen.harmed, len(rows), 0.1) <= 0.1
    assert chosen.use["large-calls"] == pytest.approx(chosen.rounds[1])
    assert calls(found) < 1.0 == large.use["large-calls"]
    (share,) = found.savings.values()
    assert share.value == pytest.approx(1 - calls(found))
    assert share.low < share.value < share.high
    error = (share.value * (1 - share.value) / len(rows)) ** 0.5  # of a share of questions
    assert share.high - share.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert found.guarantee == (
        "With 90% confidence: on new questions like these the cascade is wrong where the large model alone is right on at "
        "most 10% of questions."
    )


def test_a_stricter_guarantee_costs_more(record: Recording):
    asked = [calls(calibrate(record, CalibrationTarget(harm=harm))) for harm in (0.05, 0.1, 0.3)]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] > asked[-1]


def test_the_order_does_not_see_the_half_that_is_tested(record: Recording):
    """Other losses on the held-out half change p-values and the choice, never the sequence."""
    found = calibrate(record, CalibrationTarget(harm=0.1))
    scores = record.column("score").copy()
    rows = np.concatenate([round_.rows[found.split.test.rows].ravel() for round_ in record.rounds])
    scores[rows] = 1 - scores[rows]
    place = record.table.column_names.index("score")
    other = calibrate(
        Recording(record.manifest, record.table.set_column(place, "score", [scores])),
        CalibrationTarget(harm=0.1),
    )
    assert other.selection.sequence.tolist() == found.selection.sequence.tolist()
    assert other.selection.p_values.tolist() != found.selection.p_values.tolist()


def test_of_some_questions_the_others_are_not_looked_at(record: Recording):
    rows = np.arange(0, 400, 2)
    found = calibrate(record, CalibrationTarget(harm=0.15), rows=rows)
    assert sorted([*found.split.learn.rows, *found.split.test.rows]) == rows.tolist()
    half = record.table.filter(
        np.isin(np.arange(record.table.num_rows) // 5, rows)
    )  # four small samples and a large one
    alone = calibrate(Recording(record.manifest, half), CalibrationTarget(harm=0.15))
    assert alone.setting == found.setting
    assert alone.selection.p_values.tolist() == found.selection.p_values.tolist()


def test_where_nothing_passes_it_says_how_many_more_would_do(record: Recording):
    found = calibrate(record, CalibrationTarget(harm=0.02, sequence="split"))
    assert (found.setting, found.p_value, found.replay) == (None, None, None)
    assert "large model alone answers" in found.guarantee
    short = found.shortfall
    assert short is not None and short.needed is not None
    assert short.needed > found.split.test.units == short.tested
    assert certify(found).more["units_needed"] == short.needed
    hopeless = calibrate(record, CalibrationTarget(harm=0.005, sequence="split")).shortfall
    assert hopeless is not None and hopeless.needed is None, "its loss does not look lower"
    whole = calibrate(record, CalibrationTarget(harm=0.005)).shortfall
    assert whole is not None and (whole.tested, whole.total) == (400, 400)
    assert whole.lost == whole.total_lost and not whole.halved


def test_disagreement_needs_no_labels_and_is_the_stricter_loss(record: Recording):
    free = calibrate(record, CalibrationTarget(harm=0.2, loss="disagreement"))
    labelled = calibrate(record, CalibrationTarget(harm=0.2))
    assert "gives another answer than the large model alone on at most 20%" in free.guarantee
    assert free.setting is not None
    assert calls(free) >= calls(labelled)


def test_groups_are_split_together_and_count_as_one(tmp_path: Path):
    record = imported(tmp_path, 300, group="page", page=lambda n: f"page {n // 3}")
    found = calibrate(record, CalibrationTarget(harm=0.15))
    assert (found.split.learn.units, found.split.test.units) == (50, 50)
    assert found.target.group == "page"
    assert "15% of a group's questions, on average over groups" in found.guarantee
    test = found.split.test
    chosen = found.selection.sequence[found.selection.num_passed - 1]
    lost = found.grid.test_loss[chosen]
    assert 0 < lost % 1 < 1, "a group that loses one of three loses a third"
    assert (
        found.p_value == p_values(lost, 50, 0.15, exact=False) > p_values(np.floor(lost), 50, 0.15)
    )
    assert {row // 3 for row in test.rows.tolist()}.isdisjoint(
        {row // 3 for row in found.split.learn.rows.tolist()}
    )
    assert calibrate(record, CalibrationTarget(harm=0.15, group="id")).split.test.units == 150
    with pytest.raises(CopeError, match=r"no column 'pages'.*made with --group page"):
        calibrate(record, CalibrationTarget(group="pages"))


def test_more_groups_are_asked_for_by_the_test_that_groups_pass(tmp_path: Path):
    record = imported(tmp_path, 240, group="page", page=lambda n: f"page {n // 2}")
    found = calibrate(record, CalibrationTarget(harm=0.05, sequence="split"))
    short = found.shortfall
    assert short is not None and found.split.grouped
    losses = found._loss_by_group(found.grid.settings[found.selection.sequence[0]])
    assert len(losses) == 120 == short.total
    first = found.selection.sequence[0]
    assert losses.sum() == pytest.approx(short.total_lost)
    assert short.total_lost == pytest.approx(
        found.grid.learn_loss[first] * 60 + found.grid.test_loss[first]
    )
    assert short.needed == groups_needed(losses, 0.05, 0.1)
    assert short.needed is not None and short.needed > found.split.test.units
    single = units_needed((losses.sum() + 0.5) / 121, 0.05, 0.1)
    assert single is not None and short.needed > single


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    preset = load_preset("answer-cascade").with_overrides(samples=3)
    return recording(
        recorder(team_of(unsure), preset, "large"), tmp_path_factory.mktemp("priced"), 30
    )


PRICES = {"small": Price(1, 1), "large": Price(100, 100)}


@pytest.mark.slow
def test_a_budget_is_kept_or_refused(priced: Recording):
    free = calibrate(priced, CalibrationTarget(harm=0.5), PRICES)
    assert free.target.minimize == "cost"
    spent = free.grid.learn_use["cost"][free.selection.chosen] * 1000
    kept = calibrate(
        priced, CalibrationTarget(harm=0.5, minimize="large-calls", budget=spent * 1.01), PRICES
    )
    assert kept.grid.learn_use["cost"][kept.selection.chosen] * 1000 <= spent * 1.01
    with pytest.raises(CopeError, match="nothing within .* passes the test; what does costs"):
        calibrate(priced, CalibrationTarget(harm=0.5, budget=spent / 100), PRICES)
    with pytest.raises(CopeError, match="--price"):
        calibrate(priced, CalibrationTarget(harm=0.5, budget=1.0))


@pytest.mark.slow
def test_what_is_not_known_is_not_minimized(priced: Recording, record: Recording):
    assert calibrate(priced, CalibrationTarget(harm=0.5)).target.minimize == "large-tokens"
    with pytest.raises(
        CopeError,
        match="lacks the cost in USD: minimize large-tokens or seconds or large-calls",
    ):
        calibrate(priced, CalibrationTarget(minimize="cost"))
    with pytest.raises(CopeError, match="did you mean seconds"):
        calibrate(priced, CalibrationTarget(minimize="second"))
    with pytest.raises(CopeError, match="minimize large-calls$"):
        calibrate(record, CalibrationTarget(minimize="seconds"))


def test_the_large_model_alone_where_it_is_cheaper(priced: Recording):
    dear = calibrate(
        priced, CalibrationTarget(harm=0.9), {"small": Price(100, 100), "large": Price(1, 1)}
    )
    assert dear.selection.num_passed
    assert dear.setting is None
