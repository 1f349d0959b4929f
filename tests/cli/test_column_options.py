"""The columns of a table on every command that takes --data: printed, recorded, part of a run's identity."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import give_team
from support.pictures import write_empty_pictures
from support.sweeps import sweep

COMMANDS = {
    "eval": ["--no-track", "--preset", "small"],
    "compare": ["--no-track", "--presets", "small,large"],
    "record": ["--preset", "small", "-o", "r.parquet"],
    "compile": ["--preset", "small", "--dry-run", "--no-track"],
}
MAPPED = ["--data", "t.csv", "--template", r"Customer: {input}\nWhich team?"]
MAPPED += ["--answer", "team", "--choices", "billing,shipping"]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    monkeypatch.chdir(tmp_path)
    lines = ["input,team", *(f"parcel {n} is late,shipping" for n in range(6))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    made = scripted(lambda ask: "so\nAnswer: B")
    write_empty_pictures(monkeypatch)
    give_team(monkeypatch, lambda options: made.team)
    return made


@sweep("command", ["eval", "compare", "record"], every=3)
def test_a_mapping_is_printed_recorded_and_used(command: str, made: Any):
    result = commands.done(command, "jsonl", *MAPPED, *COMMANDS[command])
    printed = [line for line in result.stderr.splitlines() if line.startswith("t.csv: ")]
    assert len(printed) == 1 and "answer from the column 'team'" in printed[0]
    asked = made.asks[0].user
    assert "Customer: parcel" in asked and "B. shipping" in asked
    (run, *_) = Path(".cope").glob("*/**/run.json")
    columns = json.loads(run.read_text())["settings"]["columns"]
    assert columns["template"] == "Customer: {input}\nWhich team?"
    asks = len(made.asks)
    again = commands.done(command, "jsonl", *MAPPED, *COMMANDS[command])
    assert len(made.asks) == asks, again.output
    MAPPED_OTHER = [word.replace("Which", "What") for word in MAPPED]
    commands.done(command, "jsonl", *MAPPED_OTHER, *COMMANDS[command])
    assert len(made.asks) == 2 * asks, "another question is another run"


def test_accuracy_is_that_of_the_mapped_answers(made: Any):
    result = commands.done("eval", "jsonl", *MAPPED, *COMMANDS["eval"], "--json")
    document = json.loads(result.stdout)
    assert (document["accuracy"], document["answer_kind"]) == (1.0, "choice")
    assert document["columns"]["choices"] == "billing,shipping"


def test_groups_widen_the_interval_of_an_evaluation(made: Any):
    words = ["eval", "jsonl", *MAPPED, *COMMANDS["eval"], "--json"]
    alone = json.loads(commands.done(*words).stdout)["interval"]
    grouped = json.loads(commands.done(*words, "--group", "team").stdout)["interval"]
    assert grouped[0] < alone[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_column_is_found_before_anything_is_called(command: str, made: Any):
    words = [command, "jsonl", "--data", "t.csv", "--question", "inpt", *COMMANDS[command]]
    result = commands.cope(*words)
    assert result.exit_code == 1 and not made.asks
    assert "t.csv has no column 'inpt': did you mean input?" in result.stderr
    result = commands.cope(command, "jsonl", "--question", "input", *COMMANDS[command])
    assert result.exit_code == 1 and "give it with --data" in result.stderr
