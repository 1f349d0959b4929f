"""Code tasks: what is shown, what is hidden, which rows are refused, and how a program is scored."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.code_rows import ASSERTS, HUMANEVAL_ROW, MBPP_ROW, PROMPT, written
from support.hub_datasets import give_dataset

from cope.errors import CopeError
from cope.eval.tasks.base import Score
from cope.eval.tasks.code import CodeTask
from cope.eval.tasks.humaneval import HUMANEVAL
from cope.eval.tasks.mbpp import MBPP
from cope.sandbox.tests import TestOutcome, TestReport, TestSuite


class Double:
    """A sandbox that says what it was asked and answers as it was told."""

    def __init__(self, *outcomes: TestOutcome) -> None:
        self.report = TestReport(outcomes)
        self.asked: list[tuple[str, TestSuite]] = []

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        self.asked.append((program, suite))
        return self.report


def scored(task: CodeTask, example: dspy.Example, answer: str | None) -> Score:
    return asyncio.run(task.score(example, answer))


def test_mbpp_shows_one_test_and_hides_the_others(tmp_path: Path):
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    assert example.id == "mbpp-7"
    assert example.question.startswith("Write a function to double a number.\n\n")
    assert example.question.endswith(":\nassert double(1) == 2")
    assert example.tests == ["assert double(1) == 2"]
    assert example.hidden == ["assert double(2) == 4", "assert double(3) == 6"]
    assert not any(test in example.question for test in example.hidden)
    assert (example.setup, example.hidden_setup, example.entry_point) == ("", "", "double")
    assert example.answer == "def half(x):\n\treturn x / 2\ndef double(x):\n\treturn 2 * x"
    assert set(example.inputs().keys()) == {"question", "tests", "setup", "entry_point"}
    assert MBPP.test_visibility == "1 of 3 tests shown, scored on the hidden 2"


def test_the_papers_way_shows_all_and_scores_on_the_same(tmp_path: Path):
    task = replace(MBPP, visible="all")
    (example,) = task.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    assert example.tests == example.hidden == [test.strip() for test in ASSERTS]
    assert all(test in example.question for test in example.tests)
    assert "all 3" in task.test_visibility
    with pytest.raises(CopeError, match="give one or all"):
        replace(MBPP, visible="two")


def test_a_single_test_is_shown_and_scored_on(tmp_path: Path):
    row = MBPP_ROW | {"test_list": ASSERTS[:1]}
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", row))
    assert example.tests == example.hidden == ASSERTS[:1]


def test_set_up_code_is_shown_and_given(tmp_path: Path):
    row = MBPP_ROW | {
        "test_setup_code": "a = 1\r\nb = 2\r\n",
        "test_list": ["assert double(a) == b", "assert double(b) == 4"],
    }
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", row))
    assert example.setup == example.hidden_setup == "a = 1\nb = 2"
    assert example.question.endswith("a = 1\nb = 2\nassert double(a) == b")


def test_humaneval_shows_the_docstring_and_trusts_the_prompts_helpers(tmp_path: Path):
    (example,) = HUMANEVAL.load("test", data=written(tmp_path / "a.jsonl", HUMANEVAL_ROW))
    assert (example.id, example.question, example.entry_point) == (
        "HumanEval/7",
        PROMPT.rstrip(),
        "double",
    )
    assert (example.tests, example.setup) == (["assert double(2) == 4"], "")
    assert example.answer == PROMPT + "    return 2 * x\n"
    (hidden,) = example.hidden
    assert hidden.endswith("\ncheck(double)")
    names: dict[str, Any] = {}
    exec(example.hidden_setup, names)
    exec(example.answer, names)
    exec(hidden, names)
    assert "docstring" in HUMANEVAL.test_visibility


def test_the_hubs_fields_give_the_same_examples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    renamed = {
        "mbpp": {"question": "text", "answer": "code"},
        "humaneval": {"question": "prompt", "answer": "canonical_solution", "id": "task_id"},
    }
    for task, row in ((MBPP, MBPP_ROW), (HUMANEVAL, HUMANEVAL_ROW)):
        local = task.load("test", data=written(tmp_path / "a.jsonl", row))
        there = {
            renamed[task.name].get(key, key): value
            for key, value in row.items()
            if key not in ("split",)
        }
        if task is MBPP:
            del there["id"]
        asked = []

        def load_dataset(
            *args: object, rows=(there,), asked=asked, **kwargs: object
        ) -> list[dict[str, Any]]:
            asked.append((args, kwargs))
            return list(rows)

        give_dataset(monkeypatch, load_dataset)
        assert [e.toDict() for e in task.load("test")] == [e.toDict() for e in local]
        assert asked == [(task.hub, {"split": "test"})]
        again = task.load("test", data=written(tmp_path / "b.jsonl", there))
        assert [e.toDict() for e in again] == [e.toDict() for e in local]


def test_a_broken_row_of_the_hub_is_one_line(monkeypatch: pytest.MonkeyPatch):
    row = {**MBPP_ROW, "test_list": []}
    give_dataset(monkeypatch, lambda *args, **kwargs: [MBPP_ROW, row])
    with pytest.raises(
        CopeError, match="google-research-datasets/mbpp split test row 2: test_list has no tests"
    ):
        MBPP.load("test")


def test_only_the_rows_of_the_split_are_loaded(tmp_path: Path):
    rows = [
        MBPP_ROW | {"id": n, "split": split}
        for n, split in enumerate(["prompt", "test", "train", "test"])
    ]
    path = written(tmp_path / "a.jsonl", *rows)
    assert [e.id for e in MBPP.load("test", data=path)] == ["1", "3"]
    assert [e.id for e in MBPP.load("test", 1, path)] == ["1"]
    with pytest.raises(
        CopeError, match=r"no rows of split 'dev': there are prompt \(1\), test \(2\), train \(1\)"
    ):
        MBPP.load("dev", data=path)
    rows = [{k: v for k, v in MBPP_ROW.items() if k not in ("split", "id", "task_id")}] * 2
    assert [e.id for e in MBPP.load("dev", data=written(tmp_path / "b.jsonl", *rows))] == [
        "mbpp-dev-0",
        "mbpp-dev-1",
    ]


def test_a_program_is_scored_by_the_hidden_tests(tmp_path: Path):
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    sandbox = Double(*(TestOutcome(test, True) for test in example.hidden))
    score = scored(replace(MBPP, sandbox=lambda: sandbox), example, "def double(x): ...")
    assert (score.value, score.feedback) == (1.0, "The program passes all 2 hidden tests.")
    assert sandbox.asked == [("def double(x): ...", TestSuite(tuple(example.hidden), "", "double"))]


@pytest.mark.parametrize(
    ("outcomes", "feedback"),
    [
        (
            [("", True), ("got 3", False)],
            "The program passes 1 of 2 hidden tests; assert double(3) == 6: got 3",
        ),
        (
            [("", False), ("", False)],
            "The program passes 0 of 2 hidden tests; assert double(2) == 4: failed",
        ),
        ([], "The tests gave no verdict."),
        ([("", True)], "The tests gave no verdict."),
    ],
)
def test_what_failed_is_said(tmp_path: Path, outcomes: list[tuple[str, bool]], feedback: str):
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    sandbox = Double(
        *(TestOutcome(t, p, m) for t, (m, p) in zip(example.hidden, outcomes, strict=False))
    )
    score = scored(replace(MBPP, sandbox=lambda: sandbox), example, "x = 1")
    assert (score.value, score.feedback) == (0.0, feedback)


def test_tests_that_cannot_be_judged_are_counted_apart(tmp_path: Path):
    (example,) = MBPP.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    first, second = example.hidden
    sandbox = Double(
        TestOutcome(first, False, "a N cannot be handed to the program", is_error=True),
        TestOutcome(second, True),
    )
    score = scored(replace(MBPP, sandbox=lambda: sandbox), example, "x = 1")
    assert (score.value, score.feedback) == (
        0.0,
        "The program passes 1 of 2 hidden tests, and 1 could not be judged;"
        " assert double(2) == 4: a N cannot be handed to the program",
    )


def test_the_long_check_is_not_repeated_and_no_program_is_not_run(tmp_path: Path):
    (example,) = HUMANEVAL.load("test", data=written(tmp_path / "a.jsonl", HUMANEVAL_ROW))
    sandbox = Double(TestOutcome(example.hidden[0], False, "got\n" + "3" * 999))
    task = replace(HUMANEVAL, sandbox=lambda: sandbox)
    score = scored(task, example, "x = 1")
    assert score.feedback.startswith(
        "The program passes 0 of 1 hidden test; the hidden check: got 333"
    )
    assert len(score.feedback) < 300
    assert sandbox.asked[0][1].setup == example.hidden_setup
    for nothing in (None, " "):
        score = scored(task, example, nothing)
        assert (score.value, score.feedback) == (0.0, "No program could be read from the reply.")
    assert len(sandbox.asked) == 1


def test_when_all_tests_are_shown_feedback_calls_none_hidden(tmp_path: Path):
    task = replace(MBPP, visible="all")
    (example,) = task.load("test", data=written(tmp_path / "a.jsonl", MBPP_ROW))
    sandbox = Double(*(TestOutcome(test, True) for test in example.hidden))
    assert (
        scored(replace(task, sandbox=lambda: sandbox), example, "x")
    ).feedback == "The program passes all 3 tests."


def test_the_tasks_fulfil_the_seam():
    assert [(task.name, task.domain) for task in (MBPP, HUMANEVAL)] == [
        ("mbpp", "code"),
        ("humaneval", "code"),
    ]
