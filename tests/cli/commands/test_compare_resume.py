"""`cope compare` that was stopped goes on, and comes to the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.compare_command import COMPARE, FIGURES, told, untimed, write_inputs
from support.pictures import write_empty_pictures
from support.record_command import cope, done, scripted_commands


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    return tmp_path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    """Scripted models behind every name."""
    write_empty_pictures(monkeypatch)
    return scripted_commands(monkeypatch, scripted)


def test_the_same_command_resumes_and_one_more_system_asks_only_its_own(here: Path, models: Any):
    first = told(*COMPARE, "--presets", "small,large", "--limit", "4")
    asked = len(models.asks)
    result = done(*COMPARE, "--presets", "small,large")
    assert len(models.asks) == 2 * asked and "4 of 8 questions are done already" in result.stderr
    more = told(*COMPARE, "--presets", "plan-then-solve,small,large")
    assert len(models.asks) == 2 * asked + 16 and more["folder"] == first["folder"]
    again = told(*COMPARE, "--presets", "plan-then-solve,small,large")
    assert len(models.asks) == 2 * asked + 16 and again == more
    assert json.loads((here / more["folder"] / "comparison.json").read_text()) == more


@pytest.mark.slow
def test_a_comparison_that_was_stopped_in_the_middle_comes_to_the_same(
    here: Path, models: Any, monkeypatch: pytest.MonkeyPatch
):
    whole = told(
        *COMPARE,
        "--runs",
        "whole",
        "--presets",
        "answer-cascade,small,large",
        "--early-stop",
        "none",
    )
    asked = len(models.asks)
    left = 30
    script = models.small.script

    def failing(messages: Any, request: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return script(messages, request)

    monkeypatch.setattr(models.small, "script", failing)
    words = (*COMPARE, "--presets", "answer-cascade,small,large", "--early-stop", "none")
    assert cope(*words).exit_code != 0
    monkeypatch.setattr(models.small, "script", script)
    resumed = told(*words)
    assert untimed({n: resumed[n] for n in FIGURES}) == untimed({n: whole[n] for n in FIGURES})
    assert len(models.asks) - asked <= asked + 16, "what was finished before was asked again"


def test_a_budget_stops_it_and_the_same_command_resumes(here: Path, models: Any):
    words = (*COMPARE, "--presets", "large,self-plan", "--questions", "1")
    stopped = cope(*words, "--budget", "0.0006")
    assert stopped.exit_code == 1 and "budget" in stopped.stderr, stopped.output
    asked = len(models.asks)
    assert 0 < asked < 24
    done(*words, "--budget", "1")
    assert len(models.asks) == 24
