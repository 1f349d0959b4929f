"""`cope ask --task code` and `cope eval mbpp`: the program on stdout, its tests beside it, a table that says what was shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import give_team

from cope.programs.options import ProgramOptions
from cope.programs.resolve import resolve_cascade
from cope.sandbox import open_sandbox, select

RIGHT = "def double(n):\n    return 2 * n"
WRONG = "def double(n):\n    return n"
ROWS = [
    {
        "id": f"mbpp-{n}",
        "question": f"Double {n}.",
        "answer": RIGHT,
        "split": "test",
        "test_setup_code": "",
        "test_list": [
            f"assert double({n}) == {2 * n}",
            "assert double(0) == 0",
            "assert double(-1) == -2",
        ],
    }
    for n in range(1, 4)
]


@pytest.fixture
def cope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Any) -> Any:
    """Runs a command with models whose small one is wrong; `cope.data` is a local copy of three tasks."""

    def reply(ask: Any) -> str:
        return (
            "a plan"
            if ask.role == "plan"
            else f"```python\n{WRONG if ask.tier == 'small' else RIGHT}\n```"
        )

    give_team(monkeypatch, lambda options: scripted(reply).team)
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "mbpp.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def run(*words: str) -> Any:
        return commands.cope(*words)

    run.data = str(data)
    return run


QUESTION = "Write a function double(n).\nassert double(2) == 4"


def test_ask_prints_the_program_and_which_tests_it_passed(cope: Any) -> None:
    result = cope("ask", "--task", "code", "--unsafe-code", "--samples", "2", QUESTION)
    assert result.exit_code == 0, result.output
    assert result.stdout == RIGHT + "\n"
    assert "passed  assert double(2) == 4" in result.stderr
    assert "escalated: no program passes the 1 visible test" in result.stderr
    wrong = cope("ask", "--task", "code", "--unsafe-code", "--preset", "small", QUESTION)
    assert wrong.exit_code == 0
    assert "failed  assert double(2) == 4  (assert double(2) == 4: got 2)" in wrong.stderr


def test_ask_gives_all_that_happened_as_json(cope: Any) -> None:
    document = json.loads(
        cope(
            "ask", "--task", "code", "--unsafe-code", "--samples", "2", "--json", "-q", QUESTION
        ).stdout
    )
    assert document["answer"] == RIGHT and document["round"] == 3
    assert document["tests"] == [
        {"test": "assert double(2) == 4", "passed": True, "message": "", "value": None}
    ]
    assert (
        document["rounds"][0]["samples"][0]["tests"][0]["message"] == "assert double(2) == 4: got 2"
    )


@pytest.mark.slow
def test_eval_scores_on_hidden_tests_and_says_what_was_shown(cope: Any) -> None:
    result = cope(
        "eval",
        "mbpp",
        "--data",
        cope.data,
        "--unsafe-code",
        "--no-track",
        "--preset",
        "answer-cascade",
        "--samples",
        "2",
        "--limit",
        "2",
    )
    assert result.exit_code == 0, result.output
    assert "1 of 3 tests shown, scored on the hidden 2" in result.stdout
    assert "accuracy 100.0%" in result.stdout
    small = cope(
        "eval",
        "mbpp",
        "--data",
        cope.data,
        "--unsafe-code",
        "--no-track",
        "--preset",
        "small",
        "--limit",
        "1",
        "--json",
    )
    assert json.loads(small.stdout)["accuracy"] == 0.0
    everything = cope(
        *("eval", "mbpp", "--data", cope.data, "--unsafe-code", "--no-track", "--visible", "all"),
        *("--samples", "2", "--limit", "1"),
    )
    assert "all 3 tests shown, scored on the same 3" in everything.stdout


def test_eval_resumes_where_it_stopped(cope: Any) -> None:
    words = ("eval", "mbpp", "--data", cope.data, "--unsafe-code", "--no-track", "--samples", "2")
    first = cope(*words, "--limit", "1")
    again = cope(*words, "--limit", "2")
    assert first.exit_code == again.exit_code == 0
    assert "1 of 2 questions are done already" in again.stderr


@pytest.mark.parametrize(
    "words", [("ask", "--task", "code", QUESTION), ("eval", "mbpp", "--no-track")]
)
def test_without_a_sandbox_nothing_runs_and_a_line_says_why(
    cope: Any, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_sandbox.cache_clear()
    monkeypatch.setattr(select, "find_bubblewrap", lambda: None)
    monkeypatch.setattr(select, "find_deno", lambda: None)
    result = cope(*words, *(("--data", cope.data) if words[0] == "eval" else ()))
    open_sandbox.cache_clear()
    assert result.exit_code != 0
    assert "no sandbox here" in result.output and "--unsafe-code" in result.output
    assert "Traceback" not in result.output


def test_a_broken_row_is_one_line_with_its_place(cope: Any) -> None:
    Path(cope.data).write_text(
        json.dumps({**ROWS[0], "test_list": ["assert double(1 == 2"]}) + "\n"
    )
    result = cope("eval", "mbpp", "--data", cope.data, "--unsafe-code", "--no-track")
    assert result.exit_code != 0
    assert "mbpp.jsonl line 1: test 1 in test_list is not Python" in result.output


def test_resolve_cascade_knows_the_kind_of_questions(scripted: Any) -> None:
    given = ProgramOptions(preset="small", unsafe_code=True)
    assert resolve_cascade(given, scripted(lambda ask: "").team, "code").domain == "code"
