"""What a report reads: a record, a run, a comparison; its figures are those of the evaluation's table."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.imported_recordings import imported
from support.report_sources import run_in

from cope.errors import CopeError
from cope.eval import QuestionResult, Recording, Replay, replay_results, summarize
from cope.report import open_source, report_data
from cope.util.files import read_jsonl


@pytest.mark.slow
def test_a_records_figures_are_those_of_a_replay(record: Recording, record_folder: Path):
    source = open_source(record_folder / "r.parquet")
    assert [(s.name, s.is_primary) for s in source.systems[:2]] == [("cope", True), ("large", True)]
    for name in ("cope", "large"):
        told = next(s for s in report_data(source)["systems"] if s["name"] == name)
        wanted = summarize(replay_results(Replay(record, name)).results, len(told["rounds"]))
        for figure in (
            "n",
            "errors",
            "accuracy",
            "interval",
            "unreadable",
            "tiers",
            "total",
            "seconds_per_question",
        ):
            assert told[figure] == wanted.as_dict()[figure], figure
        for mine, theirs in zip(told["rounds"], wanted.rounds, strict=True):
            assert (mine["reached"], mine["answered"], mine["share"], mine["accuracy"]) == (
                theirs.reached,
                theirs.answered,
                theirs.share,
                theirs.accuracy,
            )
            assert mine["spent"] == theirs.usage.summary()


@pytest.mark.slow
def test_a_preset_that_a_record_cannot_replay_is_named_with_the_reason(
    record: Recording, record_folder: Path
):
    source = open_source(record_folder / "r.parquet")
    assert "small" not in {s.name for s in source.systems}
    assert "not in the record" in source.skipped_presets["small"]


@pytest.mark.slow
def test_what_an_imported_record_does_not_tell_is_unknown(tmp_path: Path):
    imported(tmp_path, 40)
    source = open_source(tmp_path / "r.parquet")
    figures = report_data(source)
    names = [s["name"] for s in figures["systems"]]
    assert names == ["imported", "large", "self-consistency, 4 samples", "small"]
    own = figures["systems"][0]
    assert (
        own["use"]["large-tokens"] is None
        and own["use"]["cost"] is None
        and own["use"]["seconds"] is None
    )
    assert own["use"]["large-calls"] == own["tiers"]["large"]["calls"] / 40
    assert own["waited"] is None and own["seconds_by_round"] == [None, None]
    assert figures["measures"][0]["name"] == "large-calls", (
        "what is known for all systems comes first"
    )
    assert figures["systems"][3]["use"]["large-tokens"] == 0, (
        "a tier that is never asked writes nothing"
    )


def test_a_runs_figures_are_those_of_its_records(tmp_path: Path):
    folder = run_in(tmp_path, "cope")
    (told,) = report_data(open_source(folder))["systems"]
    records = [QuestionResult(**line) for line in read_jsonl(folder / "records.jsonl")]
    wanted = summarize(records, 3)
    assert (
        told["accuracy"] == wanted.accuracy
        and told["total"] == wanted.total.summary()
        and told["n"] == 6
    )
    assert told["use"]["large-tokens"] == pytest.approx(
        ((wanted.tiers["large"].plan_tokens or 0) + (wanted.tiers["large"].answer_tokens or 0)) / 6
    )
    assert told["use"]["cost"] is None, "no price is known"
    assert told["early"] and told["waited"]["median"] > 0


def test_a_run_shows_the_large_models_run_too(tmp_path: Path):
    run_in(tmp_path, "large", count=8)
    source = open_source(run_in(tmp_path, "cope"))
    assert [(s.name, s.is_primary, len(s.records)) for s in source.systems] == [
        ("cope", True, 6),
        ("large", False, 6),
    ]
    against = report_data(source)["systems"][0]["against_large"]
    large = source.systems[1].records_by_key
    mine = [(r.score or 0.0, large[r.key].score or 0.0) for r in source.systems[0].records]
    assert against["n"] == 6 and against["difference"] == pytest.approx(
        sum(a - b for a, b in mine) / 6
    )
    assert against["margin_test"]["margin"] == source.margin == 0.03
    assert "large within 3 points (95%)" in against["margin_test"]["text"]
    assert against["helped"] == sum(a > b for a, b in mine) and against["harmed"] == sum(
        a < b for a, b in mine
    )


def test_a_comparison_shows_all_its_runs_by_its_names(tmp_path: Path):
    small, cope = run_in(tmp_path, "small"), run_in(tmp_path, "cope")
    also = run_in(tmp_path, "cope", seed=1)
    document = {
        "folders": {"large plan": cope.name, "small": small.name},
        "mlflow": {"run": "r1", "store": "sqlite:///x"},
    }
    document["margin"] = 0.05
    (tmp_path / "comparison.json").write_text(json.dumps(document))
    source = open_source(tmp_path)
    assert source.margin == 0.05
    assert [s.name for s in source.systems] == [
        "large plan",
        "small",
        "cope",
    ] and source.kind == "comparison"
    assert (source.mlflow_run, source.mlflow_store) == ("r1", "sqlite:///x")
    pools = [round_.pool for system in source.systems for round_ in system.rounds]
    assert pools == list(range(7)), "every system's samples are its own"
    (tmp_path / "comparison.json").unlink()
    assert [s.name for s in open_source(tmp_path).systems].count(also.name) == 1, (
        "two of a name go by their folders"
    )


def test_an_error_counts_nowhere(tmp_path: Path):
    folder = run_in(tmp_path, "small", count=3)
    bad = QuestionResult("k", "q9", "?", "1", error="LMError: gone")
    with (folder / "records.jsonl").open("a") as lines:
        lines.write(json.dumps(vars(bad)) + "\n" + '{"torn":')
    (told,) = report_data(open_source(folder))["systems"]
    assert (told["n"], told["errors"], told["flow"][0]["got"]) == (3, 1, 3)
    assert (folder / "records.jsonl").read_text().endswith('{"torn":'), (
        "a run may go on writing there"
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda at: None, "there is no"),
        (lambda at: at.mkdir(), "holds no run"),
        (lambda at: at.write_text("{}"), "is not a record"),
        (
            lambda at: (at.mkdir(), (at / "records.jsonl").write_text("{}\n")),
            "run.json is missing or damaged",
        ),
        (
            lambda at: (
                at.mkdir(),
                (at / "records.jsonl").write_text("{}\n"),
                (at / "run.json").write_text('{"settings": {"task": "gsm8k", "preset": "cope"}}'),
            ),
            "is no record",
        ),
        (
            lambda at: (
                at.mkdir(),
                (at / "records.jsonl").write_text(""),
                (at / "run.json").write_text('{"settings": {"task": "gsm8k", "preset": "cope"}}'),
            ),
            "no finished question yet",
        ),
    ],
)
def test_what_is_no_source_is_said_in_a_line(
    tmp_path: Path, make: Callable[[Path], object], words: str
):
    make(tmp_path / "x")
    with pytest.raises(CopeError, match=words) as told:
        open_source(tmp_path / "x")
    assert "\n" not in str(told.value)


def test_runs_of_several_tasks_are_no_comparison(tmp_path: Path):
    run_in(tmp_path, "small")
    run_in(tmp_path, "small", task="gsm8k")
    with pytest.raises(CopeError, match="several tasks"):
        open_source(tmp_path)
