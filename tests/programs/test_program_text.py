"""A program as text: its rounds, its prompts, and what it was compiled on."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.shown_program import LONG, write_program

from cope.programs.program_text import program_text
from cope.programs.program_view import load_program_view


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program file with demonstrations, and the record of its compile."""
    return write_program(tmp_path / "program.json")


def shown(source: str | Path, full: bool = False, domain: str = "short-answer") -> str:
    return program_text(load_program_view(source, domain), full) + "\n"


def test_rounds_as_text() -> None:
    lines = shown("cope").splitlines()
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
    text = shown("cope", domain="code")
    assert (
        "Solve the task in Python" in text
        and "a program must pass the tests (threshold 75%)" in text
    )


def test_predictors_come_in_order_with_whole_instructions_and_demonstrations(program: Path) -> None:
    text = shown(program)
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
    assert f"goal: {LONG.rstrip()}\n" in shown(program, full=True)


def test_what_it_was_compiled_on(program: Path) -> None:
    text = shown(program)
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
    text = shown(program)
    assert "\ncompiled" in text and "not compiled" not in text


def test_names_and_headings_have_styles(program: Path) -> None:
    text = program_text(load_program_view(program), style=lambda text, name: f"<{name} {text}>")
    assert text.startswith("<name cope>: ") and "\n<name compiled>\n" in text
    assert "\n<name round_1.planner.predict> (small plans)\n" in text
    assert "\n<aside   demonstration 1 of 2, made by the program>\n" in text
