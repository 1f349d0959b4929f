"""`cope compare` asks a few questions of all systems, then more of all."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import InvalidRequestError
from hypothesis import given, strategies as st
from support.compare_command import COMPARE, FIGURES, told, untimed, write_inputs
from support.pictures import write_empty_pictures
from support.record_command import cope, done, scripted_commands

from cope.eval.comparison import in_blocks

PRESETS = ("--presets", "small,self-plan,large")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    """Scripted models behind every name, and eight questions in blocks of two and six."""
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    write_empty_pictures(monkeypatch)
    monkeypatch.setattr(in_blocks, "FIRST_BLOCK", 2)
    return scripted_commands(monkeypatch, scripted)


@given(st.integers(1, 2000), st.integers(1, 100))
def test_blocks_hold_every_question_once_and_grow(questions: int, first: int):
    blocks = in_blocks.question_blocks(questions, first)
    assert [position for block in blocks for position in block] == list(range(questions))
    assert len(blocks[0]) == questions or len(blocks[0]) >= first
    sizes = [len(block) for block in blocks]
    assert all(next_ >= size for size, next_ in pairwise(sizes))
    assert len(blocks) <= questions.bit_length()


def test_blocks_come_to_the_same_and_tell_how_many_all_systems_answered(
    models: Any, monkeypatch: pytest.MonkeyPatch
):
    result = done(*COMPARE, *PRESETS, "--questions", "2")
    assert "all systems were asked 2 of 8 questions" in result.stderr
    assert result.stderr.index("large (3 of 3): questions 1 to 2") < result.stderr.index(
        "small (1 of 3): questions 3 to 8"
    )
    assert "done already" not in result.stderr
    in_two = told(*COMPARE, *PRESETS, "--questions", "2")
    monkeypatch.setattr(in_blocks, "FIRST_BLOCK", 100)
    at_once = done(*COMPARE, *PRESETS, "--runs", "other", "--json")
    assert "all systems were asked" not in at_once.stderr
    whole = told(*COMPARE, *PRESETS, "--runs", "other")
    assert untimed({n: in_two[n] for n in FIGURES}) == untimed({n: whole[n] for n in FIGURES})


def test_where_the_budget_ends_the_questions_count_that_all_systems_answered(models: Any):
    words = (*COMPARE, "--presets", "self-plan,large", "--questions", "1")
    whole = told(*words)["calls"]["usd_high"]
    for share in (0.5, 0.7, 0.9):
        budget = ("--budget", f"{whole * share:.8f}", "--runs", f"runs-{share}")
        stopped = cope(*words, *budget, "--json")
        assert stopped.exit_code == 1 and "budget" in stopped.stderr, stopped.output
        document = json.loads(stopped.stdout)
        counts = {system["n"] for system in document["systems"].values()}
        assert len(counts) == 1 and counts < {2, 3, 4, 5, 6, 7}, "all have the same questions"
        assert f"the {counts.pop()} questions that all systems answered" in document["stopped"]


def test_a_question_that_failed_is_asked_again_by_the_next_command_only(models: Any):
    script, failed = models.small.script, []

    def failing(messages: Any, request: Any) -> Any:
        if "What is 1 +" in messages[-1]["content"]:
            failed.append(1)
            raise InvalidRequestError("out of order")
        return script(messages, request)

    models.small.script = failing
    result = cope(*COMPARE, *PRESETS)
    assert result.exit_code == 1 and "a model failed on 1 answers" in result.stderr
    once = len(failed)
    models.small.script = script
    assert told(*COMPARE, *PRESETS)["failed"] == []
    assert once == 1
