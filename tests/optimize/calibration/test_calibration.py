"""A calibration from a record: what it chooses, promises and says when it cannot."""

from pathlib import Path

import numpy as np
import pytest
from support.imported_recordings import imported
from support.recordings import recorder, recording, team_of, unsure

from cope import CopeError, load_preset
from cope.eval import Recording, Replay
from cope.models import Price
from cope.optimize.calibration import Aim, Calibration, calibrate, certify
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
    found = calibrate(record, Aim(harm=0.1))
    assert found.setting is not None
    assert found.aim.minimize == "large-calls", "the only use that an import tells"
    chosen, large = found.held_out
    rows = found.halves.test.rows
    replay = Replay(record, samples=found.setting.samples, thresholds=found.setting.thresholds)
    right, theirs = replay.outcomes().score[rows] == 1, found.large.outcomes().score[rows] == 1
    assert chosen.accuracy == right.mean()
    assert (chosen.harmed, chosen.helped) == ((theirs & ~right).sum(), (right & ~theirs).sum())
    assert large.accuracy == theirs.mean()
    assert found.p == p_values(chosen.harmed, len(rows), 0.1) <= 0.1
    assert chosen.use["large-calls"] == pytest.approx(chosen.rounds[1])
    assert calls(found) < 1.0 == large.use["large-calls"]
    (share,) = found.saved.values()
    assert share.value == pytest.approx(1 - calls(found))
    assert share.low < share.value < share.high
    error = (share.value * (1 - share.value) / len(rows)) ** 0.5  # of a share of questions
    assert share.high - share.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert found.promise == (
        "With 90% confidence: on new questions like these the cascade is wrong where the large model alone is right on at "
        "most 10% of questions."
    )


def test_a_stricter_promise_costs_more(record: Recording):
    asked = [calls(calibrate(record, Aim(harm=harm))) for harm in (0.05, 0.1, 0.3)]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] > asked[-1]


def test_the_order_does_not_see_the_half_that_is_tested(record: Recording):
    """Other losses on the held-out half change p-values and the choice, never the sequence."""
    found = calibrate(record, Aim(harm=0.1))
    scores = record.column("score").copy()
    rows = np.concatenate([round_.rows[found.halves.test.rows].ravel() for round_ in record.rounds])
    scores[rows] = 1 - scores[rows]
    place = record.table.column_names.index("score")
    other = calibrate(
        Recording(record.manifest, record.table.set_column(place, "score", [scores])), Aim(harm=0.1)
    )
    assert other.choice.sequence.tolist() == found.choice.sequence.tolist()
    assert other.choice.p.tolist() != found.choice.p.tolist()


def test_of_some_questions_the_others_are_not_looked_at(record: Recording):
    rows = np.arange(0, 400, 2)
    found = calibrate(record, Aim(harm=0.15), rows=rows)
    assert sorted([*found.halves.learn.rows, *found.halves.test.rows]) == rows.tolist()
    half = record.table.filter(
        np.isin(np.arange(record.table.num_rows) // 5, rows)
    )  # four small samples and a large one
    alone = calibrate(Recording(record.manifest, half), Aim(harm=0.15))
    assert alone.setting == found.setting
    assert alone.choice.p.tolist() == found.choice.p.tolist()


def test_where_nothing_passes_it_says_how_many_more_would_do(record: Recording):
    found = calibrate(record, Aim(harm=0.02))
    assert (found.setting, found.p, found.replay) == (None, None, None)
    assert "large model alone answers" in found.promise
    assert found.needed is not None and found.needed > found.halves.test.units
    assert certify(found).more["units_needed"] == found.needed
    assert calibrate(record, Aim(harm=0.005)).needed is None, (
        "its loss does not look lower than that"
    )


def test_disagreement_needs_no_labels_and_is_the_stricter_loss(record: Recording):
    free = calibrate(record, Aim(harm=0.2, loss="disagreement"))
    labelled = calibrate(record, Aim(harm=0.2))
    assert "gives another answer than the large model alone on at most 20%" in free.promise
    assert free.setting is not None
    assert calls(free) >= calls(labelled)


def test_groups_are_split_together_and_count_as_one(tmp_path: Path):
    record = imported(tmp_path, 300, group="page", page=lambda n: f"page {n // 3}")
    found = calibrate(record, Aim(harm=0.15))
    assert (found.halves.learn.units, found.halves.test.units) == (50, 50)
    assert found.aim.group == "page"
    assert "15% of a group's questions, on average over groups" in found.promise
    test = found.halves.test
    chosen = found.choice.sequence[found.choice.passed - 1]
    lost = found.trials.test_loss[chosen]
    assert 0 < lost % 1 < 1, "a group that loses one of three loses a third"
    assert found.p == p_values(lost, 50, 0.15, exact=False) > p_values(np.floor(lost), 50, 0.15)
    assert {row // 3 for row in test.rows.tolist()}.isdisjoint(
        {row // 3 for row in found.halves.learn.rows.tolist()}
    )
    assert calibrate(record, Aim(harm=0.15, group="id")).halves.test.units == 150
    with pytest.raises(CopeError, match=r"no column 'pages'.*made with --group page"):
        calibrate(record, Aim(group="pages"))


def test_more_groups_are_asked_for_by_the_test_that_groups_pass(tmp_path: Path):
    record = imported(tmp_path, 240, group="page", page=lambda n: f"page {n // 2}")
    found = calibrate(record, Aim(harm=0.05))
    assert found.setting is None and found.halves.grouped
    losses = found._lost_by_group(found.trials.settings[found.choice.sequence[0]])
    assert len(losses) == 120
    first = found.choice.sequence[0]
    assert losses.sum() == pytest.approx(
        found.trials.learn_loss[first] * 60 + found.trials.test_loss[first]
    )
    assert found.needed == groups_needed(losses, 0.05, 0.1)
    assert found.needed is not None and found.needed > found.halves.test.units
    single = units_needed((losses.sum() + 0.5) / 121, 0.05, 0.1)
    assert single is not None and found.needed > single


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    preset = load_preset("answer-cascade").with_overrides(samples=3)
    return recording(
        recorder(team_of(unsure), preset, "large"), tmp_path_factory.mktemp("priced"), 60
    )


PRICES = {"small": Price(1, 1), "large": Price(100, 100)}


def test_a_budget_is_kept_or_refused(priced: Recording):
    free = calibrate(priced, Aim(harm=0.5), PRICES)
    assert free.aim.minimize == "cost"
    spent = free.trials.learn_use["cost"][free.choice.chosen] * 1000
    kept = calibrate(priced, Aim(harm=0.5, minimize="large-calls", budget=spent * 1.01), PRICES)
    assert kept.trials.learn_use["cost"][kept.choice.chosen] * 1000 <= spent * 1.01
    with pytest.raises(CopeError, match="nothing within .* passes the test; what does costs"):
        calibrate(priced, Aim(harm=0.5, budget=spent / 100), PRICES)
    with pytest.raises(CopeError, match="--price"):
        calibrate(priced, Aim(harm=0.5, budget=1.0))


def test_what_is_not_known_is_not_minimized(priced: Recording, record: Recording):
    assert calibrate(priced, Aim(harm=0.5)).aim.minimize == "large-tokens"
    with pytest.raises(
        CopeError,
        match="does not tell the cost in USD: minimize large-tokens or seconds or large-calls",
    ):
        calibrate(priced, Aim(minimize="cost"))
    with pytest.raises(CopeError, match="did you mean seconds"):
        calibrate(priced, Aim(minimize="second"))
    with pytest.raises(CopeError, match="minimize large-calls$"):
        calibrate(record, Aim(minimize="seconds"))


def test_the_large_model_alone_where_it_is_cheaper(priced: Recording):
    dear = calibrate(priced, Aim(harm=0.9), {"small": Price(100, 100), "large": Price(1, 1)})
    assert dear.choice.passed
    assert dear.setting is None
