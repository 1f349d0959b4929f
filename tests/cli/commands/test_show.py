"""`cope show`: a program in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.shown_program import COMPILED, LONG, write_program

from cope.cli.main import app


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program file with demonstrations, and the record of its compile."""
    return write_program(tmp_path / "program.json")


def show(*arguments: Any, color: bool = False) -> str:
    result = CliRunner().invoke(app, ["show", *map(str, arguments)], color=color)
    assert (result.exit_code, result.stderr) == (0, ""), result
    return result.stdout


def test_json_is_one_document(program: Path) -> None:
    document = json.loads(show(program, "--json"))
    assert (document["source"], document["domain"], document["compiled"]) == (
        str(program),
        "short-answer",
        COMPILED,
    )
    assert document["preset"]["rounds"][0]["threshold"] == 0.75
    planner, solver, *_ = document["predictors"]
    assert (planner["name"], planner["role"], planner["demos"]) == (
        "round_1.planner.predict",
        "planner",
        [],
    )
    assert solver["demos"][0]["goal"] == LONG and list(solver["inputs"]) == ["question", "goal"]


def test_colours_are_for_a_terminal_that_wants_them(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[1mcope\x1b[0m" in show("cope", color=True)
    assert "\x1b[2J" not in show(program, color=True), "a model's text must not steer the terminal"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in show("cope", color=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json"], "there is no program file none.json"),
        (["cope", "--domain", "cod"], "did you mean code?"),
    ],
)
def test_what_a_user_can_get_wrong(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["show", *arguments])
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        said in result.stderr
        and result.stderr.startswith("error: ")
        and result.stderr.count("\n") == 1
    )
