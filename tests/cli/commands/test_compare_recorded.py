"""`cope compare --replay` on a record of its own: the figures of a live comparison, and what a record lacks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.compare_command import COMPARE, DATA, FIGURES, told, untimed, write_inputs
from support.pictures import write_empty_pictures
from support.record_command import cope, done, scripted_commands
from support.sweeps import mostly_slow


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


@pytest.mark.parametrize("preset", ["answer-cascade", *mostly_slow(["cope"])])
def test_a_replay_gives_the_figures_of_a_live_comparison(here: Path, models: Any, preset: str):
    also = ("--also", "large", "--also", "small")
    few = ("--samples", "3", "--group", "book")
    done("record", *DATA, "--preset", preset, *also, *few)
    presets = f"{preset},large,small"
    live = told(*COMPARE, "--early-stop", "none", "--presets", presets, *few)
    asked = len(models.asks)
    again = told("compare", "--replay", f"jsonl-{preset}.parquet")
    assert len(models.asks) == asked
    assert untimed({n: again[n] for n in FIGURES}) == untimed({n: live[n] for n in FIGURES})
    assert live["groups"] == again["groups"] == 4
    assert list(again["systems"]) == [preset, "large", "small"]


@pytest.mark.slow
def test_questions_that_a_record_cannot_tell_are_left_out_and_said(here: Path, models: Any):
    done("record", *DATA, "--samples", "4")
    words = (
        "compare",
        "--replay",
        "jsonl-cope.parquet",
        "--samples",
        "2",
        "--presets",
        "cope,large",
    )
    made = told(*words)
    lacking = sum(made["unknown"]["cope"].values())
    assert lacking and made["comparisons"][0]["questions"] == 8 - lacking
    assert made["comparisons"][0]["left_out"] == lacking
    text = " ".join(done(*words).stdout.split())
    assert (
        f"cope: {lacking} questions are not in its figures: round 2: another plan is forwarded to it"
        in text
    )


def test_a_record_without_a_tier_says_so(here: Path, models: Any):
    done("record", *DATA, "--preset", "small", "--also", "none")
    result = cope("compare", "--replay", "jsonl-small.parquet", "--presets", "small,large")
    assert result.exit_code == 1
    assert "cannot answer for large: round 1: its calls are not in the record" in result.stderr
    assert "needs two systems" in cope("compare", "--replay", "jsonl-small.parquet").stderr
    assert (
        "of jsonl, not of gsm8k"
        in cope("compare", "gsm8k", "--replay", "jsonl-small.parquet").stderr
    )
    refused = cope("compare", "--replay", "jsonl-small.parquet", "--seed", "0")
    assert refused.exit_code == 2 and "leave out --seed" in refused.output
