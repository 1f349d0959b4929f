"""`cope init`: every template runs as it is, and the command that it names next is one that works."""

import json
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, error_line, give_team

import cope as package
from cope import Team
from cope.models import ScriptedEngine
from cope.programs.template_file import TEMPLATES, write_template


def reply(messages: list[dict[str, str]], request: Any) -> str:
    """Name a team by a word of the message, and answer other questions by 42."""
    text = messages[-1]["content"].lower()
    words = {"parcel": "shipping", "invoice": "billing", "charged": "billing", "app": "technical"}
    team = next((team for word, team in words.items() if word in text), "42")
    return f"Because of a word.\n{'Team' if 'customer:' in text else 'Answer'}: {team}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    team = Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)
    give_team(monkeypatch, lambda options: team)
    monkeypatch.setattr(package, "Team", lambda: team)


def init(*words: str) -> list[str]:
    """Write a template, and return the words of the next command."""
    result = done("init", *words)
    (line,) = result.stderr.splitlines()
    assert line.startswith("next: ")
    return shlex.split(line.removeprefix("next: "))


def test_the_task_is_evaluated_and_reads_a_table_next_to_it(tmp_path: Path):
    name, *words = init("task")
    assert name == "cope"
    document = json.loads(done(*words, "--no-track", "--json").stdout)
    assert (document["task"], document["n"]) == ("tickets", 6)
    assert document["accuracy"] == pytest.approx(5 / 6), "the last message has no known word"
    row = {"id": "r1", "question": "My parcel?", "answer": "shipping"}
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")
    assert json.loads(done(*words, "--no-track", "--json", "--fresh").stdout)["n"] == 1


def test_the_preset_answers_a_question():
    _, *words = init("preset")
    assert "42" in done(*words).stdout
    shown = done("show", "./my_preset.toml").stdout
    assert "Follow the plan step by step" in shown


def test_the_program_answers_compiles_saves_and_loads(capsys: pytest.CaptureFixture[str]):
    name, file = init("program", "own route.py")
    assert (name, file) == ("python", "own route.py")
    runpy.run_path(file, run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("before: shipping (confidence 100%")
    assert lines[-1] == "after: shipping, by own route.json"
    assert json.loads(Path("own route.json").read_text())["signature"]["fields"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_nothing_is_overwritten_and_every_mistake_is_one_line(kind: str):
    path, _ = write_template(kind)
    before = path.read_text()
    assert "{file}" not in before
    assert f"{path} exists: name another file" in error_line(cope("init", kind))
    assert path.read_text() == before
    assert f"name it x.md{path.suffix}" in error_line(cope("init", kind, "x.md"))
    missing = f"no/x{path.suffix}"
    assert "cannot write no/x" in error_line(cope("init", kind, missing))
    assert "'theme' is not one of" in cope("init", "theme").output
