"""`cope show`: a program in words."""

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from click.testing import CliRunner

from cope import Cascade, Team
from cope.cli.main import app
from cope.models import ScriptedEngine

LONG = "Add the numbers. " * 40
COMPILED = {
    "optimizer": "gepa",
    "task": "gsm8k",
    "models": {"small": "local/tiny", "large": "openai/big"},
    "splits": {
        "train": {"n": 200, "fingerprint": "ab12"},
        "val": {"n": 100, "fingerprint": "cd34"},
    },
    "scores": {
        "before": {"accuracy": 0.41, "low": 0.32, "high": 0.51, "n": 100},
        "after": {"accuracy": 0.5, "low": None, "high": None, "n": 100},
    },
    "budget": {"calls": 2000, "tokens": 1234567, "usd": None, "seconds": 3725.2},
    "date": "2026-11-20",
    "version": "0.1.0",
    "note": ["kept", 1],
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program file with demonstrations, and the record of its compile."""
    cascade = Cascade("cope", Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: "")))
    solver = cascade.round_1.reasoner.predict
    solver.signature = solver.signature.with_instructions("First line.\n\nThen [bold]this\x1b[2J.")
    made = dspy.Example(
        question="1 + 1?", goal=LONG, reasoning="One.\nTwo.", answer="2", augmented=True
    )
    solver.demos = [made, dspy.Example(question="2 + 2?", answer="4", tests=["x"])]
    path = tmp_path / "program.json"
    cascade.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compiled": COMPILED}))
    return path


def show(*arguments: Any, color: bool = False) -> str:
    result = CliRunner().invoke(app, ["show", *map(str, arguments)], color=color)
    assert (result.exit_code, result.stderr) == (0, ""), result
    return result.stdout


def test_rounds_as_text() -> None:
    lines = show("cope").splitlines()
    assert lines[:2] == [
        "cope: small plans and solves; large plans, small solves; large solves",
        "domain: short-answer",
    ]
    assert lines[3:6] == [
        "round 1: small writes 8 goal plans (temperature 0.8), small solves 8 times (temperature 0.4) with each, "
        "75% must agree",
        "round 2: large writes a guideline plan (temperature 0.8), small solves 8 times (temperature 0.8) with it and "
        "round 1's plan, 50% must agree",
        "round 3: large solves once (greedy) with round 2's plan, its answer is the last word",
    ]
    assert lines[-1] == "not compiled"


def test_a_preset_for_code() -> None:
    text = show("cope", "--domain", "code")
    assert (
        "Write the Python program" in text
        and "a program must pass the tests (threshold 75%)" in text
    )


def test_predictors_come_in_order_with_whole_instructions_and_demonstrations(program: Path) -> None:
    text = show(program)
    places = [
        text.index(f"\nround_{name}.predict (")
        for name in ("1.planner", "1.reasoner", "2.planner", "3.reasoner")
    ]
    assert places == sorted(places)
    assert "round_1.planner.predict (small plans)\n  State in one sentence" in text
    start = text.index("round_1.reasoner.predict (small solves)")
    assert text[start : text.index("round_2.planner")].splitlines() == [
        "round_1.reasoner.predict (small solves)",
        "  First line.",
        "",
        "  Then [bold]this\\x1b[2J.",
        "  field goal: what has to be found",
        "  field reasoning: the steps that lead to the answer",
        "  field answer: the final result alone",
        "  demonstration 1 of 2, made by the program",
        "    question: 1 + 1?",
        f"    goal: {LONG[:240].rstrip()} ... (680 characters)",
        "    -> reasoning: One.",
        "        Two.",
        "    -> answer: 2",
        "  demonstration 2 of 2, from the data",
        "    question: 2 + 2?",
        "    -> answer: 4",
        "    (it has no goal, reasoning)",
        "    (kept, but not shown to the model: tests)",
        "",
    ]
    assert f"goal: {LONG.rstrip()}\n" in show(program, "--full")


def test_what_it_was_compiled_on(program: Path) -> None:
    text = show(program)
    *rows, saved = text[text.index("\ncompiled\n") :].splitlines()[2:]
    assert [" ".join(row.split()) for row in rows] == [
        "optimizer gepa",
        "task gsm8k",
        "small model local/tiny",
        "large model openai/big",
        "train split 200 questions, fingerprint ab12",
        "val split 100 questions, fingerprint cd34",
        "before accuracy 41.0% (95% interval 32.0% to 51.0%, n = 100)",
        "after accuracy 50.0% (n = 100)",
        "spent 2,000 calls, 1,234,567 tokens, money unknown, 1:02:05 h",
        "date 2026-11-20",
        "version 0.1.0",
        'note ["kept", 1]',
    ]
    assert saved.startswith('saved with {"dependency_versions": {"python": ')


@pytest.mark.parametrize(
    "compiled",
    [
        {"scores": {"before": None}, "splits": {"train": 3}, "budget": {"usd": "?"}},
        {"scores": 1, "budget": []},
        {},
    ],
)
def test_a_record_of_another_shape_is_still_shown(program: Path, compiled: dict[str, Any]) -> None:
    program.write_text(json.dumps(json.loads(program.read_text()) | {"compiled": compiled}))
    text = show(program)
    assert "\ncompiled" in text and "not compiled" not in text


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
