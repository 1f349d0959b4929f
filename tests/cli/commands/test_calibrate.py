"""`cope calibrate` as a user types it."""

import json
from pathlib import Path

import pytest
from support.commands import cope, error_line
from support.imported_recordings import imported, lossless, published
from support.recordings import recorder, recording, team_of, unsure

from cope.optimize.calibration import load_certificate
from cope.programs import load_preset


@pytest.mark.slow
def test_what_was_chosen_the_guarantee_and_the_held_out_half(here: Path):
    imported(here)
    result = cope(
        "calibrate", "r.parquet", "--harm", "0.1", "--risk-report", "--stop-report", "-o", "c.json"
    )
    assert result.exit_code == 0, result.output
    for text in (
        "samples, 400 questions: small s, large l",
        "10 settings compared on 200 questions",
        "minimized: calls to the large tier",
        "chosen: threshold 0.75 with 4 samples (p = 0.0081)",
        "With 90% confidence: on new questions like these the cascade is wrong where the large model alone is right on at most "
        "10% of questions.",
        "cascade",
        "large alone",
        "saved",
        "95% interval",
        "of these questions are lost, where 10% are allowed. The test chose the setting on them",
        "after isotonic recalibration",
        "adaptive-consistency",
        "decisions changed",
    ):
        assert text in result.stdout, result.stdout
    assert result.stderr.strip() == "written to c.json; use it with --calibration"
    kept = json.loads((here / "c.json").read_text())
    assert {"reliability", "early_stop"} <= kept["more"].keys()
    told = cope("calibrate", "r.parquet", "--harm", "0.1", "--json")
    assert (
        json.loads(told.stdout)["setting"]
        == kept["setting"]
        == {"thresholds": [0.75], "samples": 4}
    )


def test_where_nothing_passes_the_large_model_answers_and_it_is_said_what_would_help(here: Path):
    imported(here)
    result = cope("calibrate", "r.parquet", "--sequence", "split", "-o", "c.json")
    assert result.exit_code == 0, result.output
    assert "chosen: the large model alone" in result.stdout
    assert (
        "Nothing passes: even the safest setting (threshold 1 with 4 samples) loses 2 of the 200 "
        "tested questions" in result.stdout
    )
    assert (
        "666 questions, half of them tested, let it pass with a power of 80%: about 266 more."
        in result.stdout
    )
    assert json.loads((here / "c.json").read_text())["setting"] is None
    result = cope("calibrate", "r.parquet", "--harm", "0.001", "--sequence", "split")
    assert "more questions will not help; a higher --harm or another cascade" in result.stdout


def test_twenty_questions_without_loss_are_said_to_be_too_few(here: Path):
    lossless(here, 20)
    text = cope("calibrate", "r.parquet").stdout
    for line in (
        "monotone sequence: 3 settings, from strict to loose thresholds; 1 tested on 20 questions, "
        "0 passed",
        "The fewest questions with which a setting without any loss passes: 114 with --sequence "
        "monotone, 227 with split; auto takes split from 456.",
        "So few cannot pass, whatever they lose: without any loss it takes 114.",
        "which does not show whether its true loss is below 2%. If it is, more questions help;",
    ):
        assert line in text, text
    assert "will not help" not in text


def test_the_sequence_that_was_used_is_said_and_kept(here: Path):
    lossless(here, 20)
    words = ("calibrate", "r.parquet", "--harm", "0.15", "-o", "c.json")
    result = cope(*words)
    assert "chosen: threshold 1 with 3 samples (p = 0.0388)" in result.stdout
    assert "all questions" in result.stdout and "held-out" not in result.stdout
    told = json.loads(cope(*words, "--json").stdout)
    needed = {"monotone": 15, "split": 29}
    expected = {"name": "monotone", "asked": "auto", "units": 20, "needed": needed}
    assert told["sequence"] == load_certificate("c.json").sequence == expected
    assert told["setting"] == {"thresholds": [1.0], "samples": 3}
    halved = cope(*words, "--sequence", "split")
    assert "split sequence: 6 settings compared on 10 questions; 1 tested on 10" in halved.stdout
    assert "held-out half" in halved.stdout and "all questions" not in halved.stdout
    assert load_certificate("c.json").setting is None
    assert cope(*words, "--sequence", "both").exit_code == 2


def test_mistakes_are_one_line(here: Path):
    assert "there is no record none.parquet" in error_line(cope("calibrate", "none.parquet"))
    imported(here, 40)
    assert "lacks the cost in USD" in error_line(
        cope("calibrate", "r.parquet", "--minimize", "cost")
    )
    assert "no column 'page'" in error_line(cope("calibrate", "r.parquet", "--group", "page"))
    assert cope("calibrate", "r.parquet", "--harm", "1.5").exit_code == 2


def test_nothing_but_a_calibration_is_written_over(here: Path):
    imported(here, 60)
    (here / "notes.json").write_text("{}")
    before = (here / "r.parquet").read_bytes()
    words = ("calibrate", "r.parquet", "--harm", "0.3", "-o")
    assert "r.parquet is what this command reads: name another file with -o" in error_line(
        cope(*words, "r.parquet")
    )
    assert (here / "r.parquet").read_bytes() == before
    for other in ("notes.json", "samples.jsonl"):
        text = (here / other).read_text()
        assert f"{other} is there and is no calibration" in error_line(cope(*words, other))
        assert (here / other).read_text() == text
    assert [cope(*words, "c.json").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.slow
def test_without_right_answers_disagreement_alone_is_guaranteed(here: Path):
    file = published(here, 200)
    rows = [json.loads(line) for line in file.open()]
    file.write_text(
        "".join(json.dumps({k: v for k, v in row.items() if k != "gold"}) + "\n" for row in rows)
    )
    shown = cope("import", "samples.jsonl", "--small", "s", "--large", "l", "-o", "r.parquet")
    assert shown.exit_code == 0, shown.output
    assert (
        "accuracy unknown" in shown.stdout and "200 questions have no right answer" in shown.stdout
    )
    why = error_line(cope("calibrate", "r.parquet", "--harm", "0.3"))
    assert (
        "200 of 200 questions of r.parquet have no right answer, which harm needs" in why
        and "--loss disagreement" in why
    )
    words = ("calibrate", "r.parquet", "--loss", "disagreement", "--harm", "0.3")
    assert "leave it out" in error_line(cope(*words, "--risk-report"))
    result = cope(*words, "--stop-report", "-o", "c.json")
    assert result.exit_code == 0, result.output
    assert (
        "gives another answer than the large model alone on at most 30% of questions"
        in result.stdout
    )
    assert result.stdout.count("unknown") >= 4 and "%" in result.stdout
    found = load_certificate("c.json")
    assert found.setting is not None and found.gold == {}
    assert (
        found.held_out["chosen"]["accuracy"] is None and found.held_out["chosen"]["harmed"] is None
    )
    for words in (("compare", "--replay", "r.parquet"), ("report", "r.parquet", "--no-track")):
        assert "of r.parquet have no right answer, which a " in error_line(cope(*words))
    table = cope("eval", "--replay", "r.parquet", "--calibration", "c.json")
    assert (
        table.exit_code == 0 and "accuracy unknown, without right answers (n = 200" in table.stdout
    ), table.output
    told = json.loads(cope("eval", "--replay", "r.parquet", "--json").stdout)
    assert told["accuracy"] is None and told["large_alone"]["accuracy"] is None
    assert told["accuracy_bounds"] == [None, None]


@pytest.mark.slow
def test_another_of_the_recorded_programs_is_calibrated(here: Path):
    few = [load_preset(name).with_overrides(samples=3) for name in ("cope", "answer-cascade")]
    recording(recorder(team_of(unsure), *few, "large"), here, 8)
    for preset, rounds in (((), "cope"), (("--preset", "answer-cascade"), "answer-cascade")):
        cope(
            "calibrate",
            "r.parquet",
            "--harm",
            "0.5",
            "--minimize",
            "large-calls",
            "-o",
            "c.json",
            *preset,
        )
        assert json.loads((here / "c.json").read_text())["program"]["name"] == rounds
    assert "did you mean answer-cascade?" in error_line(
        cope("calibrate", "r.parquet", "--preset", "answer-cascad")
    )
