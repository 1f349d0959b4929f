"""`give_up` in a preset's round, as a user works with it: learned by calibrate, used by eval, refused without counts."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import cope
from support.tested_records import SECONDS, program_record, rounds

from cope.eval.recording.parquet_file import write_recording
from cope.programs.calibration_file import load_certificate

REPLAY = ("eval", "--replay", "r.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record, a preset that asks for the rule, and what calibrate prints."""
    where = tmp_path_factory.mktemp("give-up")
    record = program_record(60, seed=1)
    rows = [row for place in range(60) for row in record.rows(place)]
    write_recording(where / "r.parquet", record.manifest, rows)
    for name, give_up in (("plain", None), ("left", "seconds"), ("cost", "cost")):
        lines = []
        for one in rounds(give_up=give_up):
            lines.append("[[rounds]]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in one.items()]
        (where / f"{name}.toml").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        words = ("--harm", "0.4", "--minimize", "large-tokens", "--stop-report", "-o", "c.json")
        result = cope("calibrate", "r.parquet", *words)
        assert result.exit_code == 0, result.output
    (where / "calibrate.txt").write_text(result.stdout)
    return where


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_calibrate_says_what_the_rule_saves_and_keeps_what_it_learned(folder: Path):
    printed = (folder / "calibrate.txt").read_text()
    assert re.search(r"give_up = seconds: saves \d+% \(95% interval", printed)
    assert re.search(r"\d+ of 60 questions are answered by a later round", printed)
    kept = load_certificate("c.json").more
    assert {row["measure"] for row in kept["give_up_saved"]} == {"seconds"}
    assert kept["give_up"]["worth"]["large-tokens"] == 1 and kept["give_up"]["states"]


def test_a_replay_leaves_rounds_and_takes_fewer_seconds():
    words = ("--calibration", "c.json", "--json")
    plain = json.loads(cope(*REPLAY, *words).stdout)
    result = cope(*REPLAY, "--preset", "left.toml", *words)
    left = json.loads(result.stdout)
    assert "which the guarantee says nothing about" in result.stderr
    assert left["give_up"]["rounds"] > 5 and "give_up" not in plain
    for document in (plain, left):
        assert document["n"] == 60
    saved = left["give_up"]
    assert saved["seconds_saved"] == pytest.approx(saved["undrawn"] * SECONDS["small"])
    assert left["tiers"]["small"]["calls"] < plain["tiers"]["small"]["calls"]
    assert left["large_alone"] == plain["large_alone"]
    shown = cope(*REPLAY, "--preset", "left.toml", *words[:-1]).stdout
    said = r"give_up left \d+ rounds early: \d+ samples not drawn, which take about [\d.]+ s"
    assert re.search(said, shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--preset", "left.toml"), "rounds.1.give_up needs how often the round fails"),
        (("--preset", "left.toml", "--calibration", "old.json"), "old.json does not hold it"),
        (("--preset", "cost.toml", "--calibration", "c.json"), "does not know cost: name large-"),
    ],
)
def test_without_counts_it_is_refused_in_a_line(words: tuple[str, ...], said: str):
    certificate = load_certificate("c.json")
    more = {name: value for name, value in certificate.more.items() if name != "give_up"}
    replace(certificate, more=more).save(Path("old.json"))
    result = cope(*REPLAY, *words)
    assert result.exit_code == 1 and said in result.stderr, result.output
    assert len(result.stderr.strip().splitlines()[-1:]) == 1 and "Traceback" not in result.stderr


def test_an_old_calibration_serves_programs_that_do_not_ask_for_the_rule():
    certificate = load_certificate("c.json")
    replace(certificate, more={}).save(Path("old.json"))
    assert cope(*REPLAY, "--calibration", "old.json").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "--replay", "r.parquet", "--presets", "left.toml,large"),
        ("ask", "Write f.", "--preset", "left.toml", "--task", "code", "--unsafe-code"),
    ],
)
def test_other_commands_refuse_it_without_counts(words: tuple[str, ...]):
    result = cope(*words)
    assert result.exit_code == 1 and "rounds.1.give_up needs how often" in result.stderr


@pytest.mark.slow
def test_eval_and_compare_show_the_seconds_of_the_last_tier_alone():
    words = ("--calibration", "c.json")
    shown = cope(*REPLAY, *words).stdout
    assert re.search(r"model time [\d.]+ s; the large model alone takes 162.0 s\n", shown)
    took = json.loads(cope(*REPLAY, *words, "--json").stdout)["model_time"]
    assert took["last_tier_seconds"] == pytest.approx(162.0) and not took["is_estimate"]
    assert not took["one_machine"]
    words = ("compare", "--replay", "r.parquet", "--presets", "plain.toml,large")
    assert re.search(
        r"plain: model time [\d.]+ s; the large model alone takes", cope(*words).stdout
    )
    document = json.loads(cope(*words, "--json").stdout)
    assert document["model_time"].keys() == {"plain"}
