"""One record of grouped questions: report, evaluation, comparison and calibration tell the same, and no less than is so."""

from pathlib import Path

import pytest
from support.imported_recordings import imported

from cope.eval import Recording, Replay, replay_results, summarize
from cope.eval.comparison import compare
from cope.optimize.calibration import CalibrationTarget, calibrate
from cope.optimize.calibration.reliability import reliability
from cope.report.figures import report_data
from cope.report.sources.recording import recording_source
from cope.stats.intervals import wilson


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Forty questions, each ten times."""
    where = tmp_path_factory.mktemp("grouped")
    lines = imported(where, 40) and (where / "samples.jsonl").read_text().splitlines()
    many = [
        line.replace('"id": "q', f'"id": "q{n}-').replace('?"', f' {n}?", "of": "{place}"')
        for n in range(10)
        for place, line in enumerate(lines)
    ]
    (where / "many.jsonl").write_text("\n".join(many))
    from cope.eval import import_samples, write_recording

    made = import_samples(where / "many.jsonl", {"small": "s", "large": "l"}, group="of")
    write_recording(where / "many.parquet", made.manifest, made.rows)
    return Recording.open(where / "many.parquet")


@pytest.mark.slow
def test_the_interval_is_that_of_forty_questions_everywhere(record: Recording):
    assert len(record) == 400 and len(set((record.group_by_key or {}).values())) == 40
    rows = replay_results(Replay(record)).results
    right = sum(row.score or 0.0 for row in rows)
    summary = summarize(rows, 2, groups=record.group_by_key)
    assert summary.interval == pytest.approx(wilson(right / 10, 40), abs=0.01)
    assert summarize(rows, 2).interval == wilson(right, 400)
    told = report_data(recording_source(Path(record.name)))["systems"][0]
    assert told["interval"] == summary.interval
    large = replay_results(Replay(record, "large")).results
    made = compare({"imported": rows, "large": large}, groups=record.group_by_key)
    assert made.summaries["imported"].interval == summary.interval
    beside = calibrate(record, CalibrationTarget(harm=0.3)).held_out[1]
    assert beside.questions == 200 and beside.accuracy is not None
    assert beside.interval == pytest.approx(wilson(beside.accuracy * 20, 20), abs=0.03)


@pytest.mark.slow  # both are tested alone
def test_report_and_calibration_recalibrate_alike(record: Recording):
    (told,) = report_data(recording_source(Path(record.name)))["systems"][0]["reliability"]
    (found,) = reliability(Replay(record), record.groups)
    assert told["recalibrated_error"] == pytest.approx(found.recalibrated_error)
    assert [level["interval"] for level in told["levels"]] == [
        level.interval for level in found.levels
    ]
    apart = reliability(Replay(record))[0]
    assert apart.recalibrated_error != pytest.approx(found.recalibrated_error)
    narrow = [
        one.interval
        for one, wide in zip(apart.levels, found.levels, strict=True)
        if one.interval[0] > wide.interval[0]
    ]
    assert len(narrow) == len(found.levels)
