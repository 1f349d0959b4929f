"""The file of `cope calibrate` in the hands of `cope ask` and `cope eval`: what it sets, and where it does not fit."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, error_line, give_team
from support.recordings import recorder, recording, team_of, unsure

from cope import Preset, load_preset
from cope.eval import TASKS
from cope.models import Tier
from cope.optimize.calibration import load_certificate


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a record of the cascade on 14 questions."""
    folder = tmp_path_factory.mktemp("record")
    recording(recorder(team_of(unsure), three_samples(), "large"), folder, 14)
    return folder / "r.parquet"


def three_samples() -> Preset:
    return load_preset("cope").with_overrides(samples=3)


@pytest.fixture
def team(
    here: Path, record: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> Any:
    """Scripted models in the place of real ones, questions, and a record of the cascade on other questions."""
    made = scripted(unsure)
    give_team(monkeypatch, lambda options: made.team)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1} for n in range(10, 16)]
    (here / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copy(record, here)
    return made


def calibrated(*words: str) -> dict[str, Any]:
    result = cope("calibrate", "r.parquet", "--json", "-o", "c.json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
def test_ask_and_eval_take_thresholds_and_samples_from_it(team: Any):
    setting = calibrated("--harm", "0.9", "--delta", "0.5")["setting"]
    asked = cope("ask", "What is 20 + 1?", "--calibration", "c.json", "--json")
    assert asked.exit_code == 0, asked.output
    assert "calibration c.json: thresholds" in asked.stderr
    assert "With 50% confidence" in asked.stderr
    told = json.loads(asked.stdout)["calibration"]
    assert (told["file"], told["setting"], told["loss"], told["harm"]) == (
        "c.json",
        setting,
        "harm",
        0.9,
    )
    assert told["promise"].startswith("With 50% confidence")
    assert json.loads(cope("ask", "What is 20 + 1?", "--json").stdout)["calibration"] is None
    first = json.loads(asked.stdout)["rounds"][0]
    assert first["threshold"] == setting["thresholds"][0]
    assert first["asked"] <= setting["samples"]
    told = cope(
        "eval", "jsonl", "--data", "q.jsonl", "--no-track", "--calibration", "c.json", "--json"
    )
    assert told.exit_code == 0, told.output
    assert "warning: the thresholds were chosen on 4 of these 6 questions" in told.stderr
    assert json.loads(told.stdout)["calibration"] == "c.json"
    line = next(Path(".cope/eval").glob("*/records.jsonl")).read_text().splitlines()[0]
    assert json.loads(line)["rounds"][0]["threshold"] == setting["thresholds"][0]
    replayed = cope("eval", "--replay", "r.parquet", "--calibration", "c.json", "--json")
    assert json.loads(replayed.stdout)["thresholds"] == setting["thresholds"]
    assert "chosen on 14 of these 14 questions" in replayed.stderr


def test_the_large_model_alone_answers_where_nothing_passed(team: Any):
    assert calibrated("--harm", "0.01")["setting"] is None
    team.small.requests.clear()
    result = cope("ask", "What is 20 + 1?", "--calibration", "c.json", "--json")
    assert json.loads(result.stdout)["preset"] == "large"
    assert not team.small.requests
    assert "--preset large" in error_line(
        cope("eval", "--replay", "r.parquet", "--calibration", "c.json")
    )


@pytest.mark.slow
def test_other_weights_under_the_same_name_are_refused(team: Any, monkeypatch: pytest.MonkeyPatch):
    digests = {"small": "sha256:" + "a" * 64}
    monkeypatch.setattr(Tier, "weights_digest", lambda tier: digests.get(tier.name))
    recording(recorder(team.team, three_samples(), "large"), Path(), 14)
    assert calibrated("--harm", "0.9", "--delta", "0.5")["weights"] == digests
    for digest, fits in (("sha256:" + "a" * 64, True), (None, True), ("sha256:" + "b" * 64, False)):
        digests["small"] = digest  # type: ignore[assignment]
        result = cope("ask", "What is 20 + 1?", "--calibration", "c.json")
        assert result.exit_code == (0 if fits else 1), result.output
    assert "its small model engine/ScriptedEngine-small had other weights" in error_line(result)
    assert cope("eval", "--replay", "r.parquet", "--calibration", "c.json").exit_code == 0
    recording(recorder(team.team, three_samples(), "large"), Path(), 14, name="other.parquet")
    assert "other weights" in error_line(
        cope("eval", "--replay", "other.parquet", "--calibration", "c.json")
    )


def test_other_tests_shown_are_refused(team: Any):
    calibrated("--harm", "0.9", "--delta", "0.5")
    found = load_certificate("c.json")
    replace(found, asked=found.asked | {"shown": "1 of 3 tests shown"}).save(Path("c.json"))
    for shown, fits in (("1 of 3 tests shown", True), ("all 3 tests shown", False)):
        TASKS.register("shows", replace(TASKS["jsonl"], test_visibility=shown))  # type: ignore[type-var]
        try:
            result = cope(
                "eval", "shows", "--data", "q.jsonl", "--no-track", "--calibration", "c.json"
            )
        finally:
            TASKS.unregister("shows")
        assert result.exit_code == (0 if fits else 1), result.output
    assert (
        "made with 1 of 3 tests shown, and here it is all 3 tests shown: give the record's --visible"
        in error_line(result)
    )


def test_other_right_answers_are_warned_of(team: Any):
    calibrated("--harm", "0.9", "--delta", "0.5")
    rows = [
        {"question": f"What is {n} + 1?", "answer": n + (2 if n < 12 else 1)} for n in range(10, 16)
    ]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = cope("eval", "jsonl", "--data", "q.jsonl", "--no-track", "--calibration", "c.json")
    assert "warning: 2 of 4 questions in common have another right answer" in told.stderr, (
        told.output
    )


def test_what_does_not_fit_is_refused(team: Any):
    calibrated("--harm", "0.9", "--delta", "0.5")
    other = cope("ask", "What is 20 + 1?", "--calibration", "c.json", "--preset", "answer-cascade")
    assert "does not fit: it was made for another program, 'cope'" in error_line(other)
    both = cope("ask", "What is 20 + 1?", "--calibration", "c.json", "--thresholds", "0.5")
    assert both.exit_code == 2
    assert "leave out --thresholds" in both.stderr
    found = load_certificate("c.json")
    replace(found, models=found.models | {"small": "ollama/other"}).save(Path("other.json"))
    result = cope("eval", "jsonl", "--data", "q.jsonl", "--no-track", "--calibration", "other.json")
    assert "its small model is ollama/other, and not engine/ScriptedEngine-small" in error_line(
        result
    )
    plain = json.loads(Path("c.json").read_text())
    Path("c.json").write_text(
        json.dumps(plain | {"setting": {"thresholds": [0.1, 0.1], "samples": 1}})
    )
    for words in (("ask", "x"), ("eval", "--replay", "r.parquet")):
        assert "c.json was changed after cope calibrate wrote it" in error_line(
            cope(*words, "--calibration", "c.json")
        )
    assert "cannot read the calibration none.json" in error_line(
        cope("ask", "x", "--calibration", "none.json")
    )


def test_hedging_reads_the_chance_of_escalation_from_it(team: Any):
    calibrated("--harm", "0.9", "--delta", "0.5")
    evaluate = ("eval", "jsonl", "--data", "q.jsonl", "--no-track", "--calibration", "c.json")
    plain = cope(*evaluate, "--json")
    hedged = cope(*evaluate, "--hedge", "0", "--json")
    assert hedged.exit_code == 0, hedged.output
    made, before = json.loads(hedged.stdout), json.loads(plain.stdout)
    assert made["accuracy"] == before["accuracy"] and "hedging" not in before
    assert made["folder"] != before["folder"], "a run of its own"
    assert 0 <= made["hedging"]["used"] <= made["hedging"]["started"] <= 6
    assert made["hedging"]["started"] > 0
    assert "hedging started" in cope(*evaluate, "--hedge", "0").stdout
    assert cope("ask", "What is 20 + 1?", "--calibration", "c.json", "--hedge", "0").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("ask", "What is 20 + 1?", "--hedge", "0.5"), 1, "give --calibration"),
        (("ask", "What is 20 + 1?", "--hedge", "1"), 2, "--hedge"),
        (("eval", "--replay", "r.parquet", "--hedge", "0.5"), 2, "leave it out"),
        (("ask", "What is 20 + 1?", "--calibration", "old.json", "--hedge", "0.5"), 1, "old.json"),
    ],
)
def test_hedging_without_its_record_is_one_line(
    team: Any, words: tuple[str, ...], code: int, message: str
):
    calibrated("--harm", "0.9", "--delta", "0.5")
    old = load_certificate(Path("c.json"))
    more = {name: report for name, report in old.more.items() if name != "escalation"}
    replace(old, more=more).save(Path("old.json"))
    result = cope(*words)
    assert result.exit_code == code and message in result.stderr
    assert not team.asks
