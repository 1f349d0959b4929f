"""Every task of the registry on a row as its hub has it and on broken rows, and every kind of answers on a table.

A new task, or kind of answers, without a case here fails.
"""

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.code_rows import HUMANEVAL_ROW, MBPP_ROW
from support.hub_datasets import give_dataset

from cope import Team
from cope.answers.kinds.registry import ANSWER_KINDS
from cope.cli.errors import error_message
from cope.errors import CopeError
from cope.eval import TASKS, answer_kind_of, load_questions, task_by_name
from cope.eval.judging.task import judged_task
from cope.models import ScriptedEngine
from cope.programs.judge import Judge

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A task on one row.

    Attributes:
        hub: the row as the hub has it; None for a task that is not on the hub.
        table: the row as the user's own table has it; None for a task that takes no table.
        needed: the fields without which no question can be asked or scored.
        right: an answer that is right; None where only a judge can say.
    """

    hub: Row | None
    table: Row | None
    needed: tuple[str, ...]
    right: str | None
    wrong: str = "I do not know."
    variant: str = ""


TABLE = {"question": "What is 6 times 7?", "answer": "42"}
AIME = Case({"problem": "Find x.", "answer": "073"}, TABLE, ("problem", "answer"), "73")
MBPP = {"text": MBPP_ROW["question"], "code": MBPP_ROW["answer"]}
MBPP |= {name: MBPP_ROW[name] for name in ("task_id", "test_list", "test_setup_code")}
HUMANEVAL = {"prompt": HUMANEVAL_ROW["question"], "task_id": "HumanEval/7"}
HUMANEVAL |= {"canonical_solution": HUMANEVAL_ROW["answer"], "entry_point": "double"}
HUMANEVAL["test"] = HUMANEVAL_ROW["test"]

CASES = {
    "aime24": AIME,
    "aime25": AIME,
    "bbh": Case(
        {"input": "True and False?", "target": "False"}, TABLE, ("input", "target"), "False"
    ),
    "gsm8k": Case(
        {"question": "6 times 7?", "answer": "6 * 7 = <<6*7=42>>42\n#### 42"},
        TABLE,
        ("question", "answer"),
        "42",
    ),
    "humaneval": Case(
        HUMANEVAL, HUMANEVAL_ROW, ("prompt", "canonical_solution", "test", "entry_point"), ""
    ),
    "jsonl": Case(None, TABLE, ("question", "answer"), "42"),
    "math500": Case(
        {"problem": "What is $6 * 7$?", "solution": "It is $42$.", "answer": "42", "level": 1},
        TABLE,
        ("problem", "answer"),
        "42.0",
    ),
    "mbpp": Case(MBPP, MBPP_ROW, ("text", "code", "test_list"), ""),
    "mt-bench": Case(
        {"prompt": ["Write a line.", "And one more."], "prompt_id": 1, "reference": []},
        {"turns": ["Write a line.", "And one more."]},
        ("prompt",),
        None,
    ),
    "open": Case(None, {"question": "Write a line."}, ("question",), None),
    "reasoning-gym": Case(None, None, (), None),
    "alfworld-gen": Case(None, None, (), None),  # tests/eval/environments
    "textworld-cooking": Case(None, None, (), None),
}
LOCAL_NAMES = {"problem": "question", "input": "question", "target": "answer", "text": "question"}
LOCAL_NAMES |= {"code": "answer", "prompt": "question", "canonical_solution": "answer"}
ON_HUB = [name for name, case in CASES.items() if case.hub is not None]
WITH_TABLE = [name for name, case in CASES.items() if case.table is not None]
MISSING = (None, "", "  ")
ODD = (7, [], {}, ["x"], {"x": "y"}, True, math.nan)


def test_every_task_has_a_case():
    assert CASES.keys() == set(TASKS)


def give_rows(monkeypatch: pytest.MonkeyPatch, *rows: Row) -> None:
    give_dataset(monkeypatch, lambda *address, **how: [dict(row) for row in rows])


def score(task: Any, example: Any, answer: str | None) -> float:
    return asyncio.run(task.score(example, answer)).value


@pytest.mark.parametrize("name", ON_HUB)
def test_a_row_of_the_hub_is_a_question_that_can_be_scored(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    case = CASES[name]
    assert case.hub is not None
    give_rows(monkeypatch, case.hub)
    task, examples = load_questions(task_by_name(name), "test")
    example = examples[0]
    assert example.id and str(example.question).strip() and "answer" in example
    inputs = dict(example.inputs().items())
    assert "question" in inputs and "answer" not in inputs
    if task.domain == "code":  # tests/eval/tasks/test_code.py runs programs
        assert example.hidden and example.entry_point == "double"
        assert score(task, example, None) == score(task, example, " ") == 0.0
    elif case.right is None:
        assert math.isnan(score(task, example, "A line."))
        assert score(task, example, None) == 0.0
    else:
        assert score(task, example, case.right) == 1.0
        assert score(task, example, case.wrong) == score(task, example, None) == 0.0


def broken(row: Row, needed: tuple[str, ...]) -> Iterator[tuple[Row, bool]]:
    """Yield rows in which one field is wrong, and whether they must be refused."""
    for name in needed:
        without = {key: value for key, value in row.items() if key != name}
        yield without, True
        for value in MISSING:
            yield row | {name: value}, True
        for value in ODD:
            yield row | {name: value}, False


def load_or_line(load: Callable[[], list[Any]]) -> str:
    """Return the one line of an error; empty where the row could be loaded."""
    try:
        examples = load()
    except CopeError as error:
        message = error_message(error)
        assert message and "\n" not in message and "Traceback" not in message
        return message
    assert all(str(example.question).strip() for example in examples)
    return ""


@pytest.mark.parametrize("name", ON_HUB)
def test_a_broken_row_of_the_hub_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch):
    case = CASES[name]
    assert case.hub is not None
    for row, refused in broken(case.hub, case.needed):
        give_rows(monkeypatch, case.hub, row)
        line = load_or_line(lambda: task_by_name(name).load("test"))
        assert line or not refused, row
        if line:
            assert "row" in line and "--data FILE" in line, "it says where, and what to do"


@pytest.mark.parametrize("name", WITH_TABLE)
def test_a_row_of_the_users_table_works_or_is_one_line(name: str, tmp_path: Path):
    case = CASES[name]
    assert case.table is not None
    file = tmp_path / "t.jsonl"

    def load(*rows: Row) -> str:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load_or_line(lambda: task_by_name(name).load("test", data=str(file)))

    assert load(case.table) == ""
    needed = tuple(
        field
        for field in (LOCAL_NAMES.get(field, field) for field in case.needed)
        if field in case.table
    )
    assert needed or "turns" in case.table
    for row, refused in broken(case.table, needed or ("turns",)):
        line = load(case.table, row)
        assert line or not refused, row
        if line:
            assert "t.jsonl line 2" in line


def test_generated_questions_take_no_table():
    with pytest.raises(CopeError, match="name a generator"):
        task_by_name("reasoning-gym").load("test")


@dataclass(frozen=True)
class Answers:
    """A right answer of a table with answers that are right and wrong."""

    gold: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    more: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "action": Answers("go to fridge 1", ("Go to the fridge 1.",), ("go to fridge 2", "look")),
    "choice": Answers("B", ("B", "(b)", "B) shipping"), ("A", "no")),
    "contains": Answers("Paris", ("It is Paris.",), ("London",)),
    "date": Answers("2026-03-01", ("March 1, 2026",), ("2026-03-02", "soon")),
    "exact": Answers("Paris", ("Paris",), ("paris", "It is Paris")),
    "json": Answers("[1, 2.0]", ("[1,2]", "```json\n[1, 2]\n```"), ("[2, 1]", "1 and 2")),
    "list": Answers("a; b", ("a, b", "b; a"), ("a", "a, b, c")),
    "math": Answers("1/2", ("0.5", "\\frac{1}{2}"), ("2", "x")),
    "number": Answers("1,000", ("1000", "1000.0"), ("100", "many")),
    "regex": Answers("colou?r", ("color", "colour"), ("tint",)),
    "text": Answers("New York", ("new york", "New  York."), ("York",)),
}
BY_OTHERS = {"code", "judge"}
"""Kinds whose answers no text decides: tests score programs, and a judge scores free text."""


def test_every_kind_has_a_case():
    assert KINDS.keys() | BY_OTHERS == set(ANSWER_KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_every_kind_scores_the_answers_of_a_table(kind: str, suffix: str, tmp_path: Path):
    case, file = KINDS[kind], tmp_path / f"t{suffix}"
    if suffix == ".csv":
        file.write_text(f'question,answer\nWhich?,"{case.gold}"\n')
    else:
        file.write_text(json.dumps({"question": "Which?", "answer": case.gold}))
    task, (example,) = load_questions(task_by_name("jsonl", match=kind), "test", None, str(file))
    assert answer_kind_of(task) == kind
    read = ANSWER_KINDS.by_name(kind)
    for reply in case.right:
        assert score(task, example, read.parse(reply)) == 1.0, reply
    for reply in case.wrong:
        assert score(task, example, read.parse(reply)) == 0.0, reply
    assert score(task, example, None) == 0.0


@pytest.mark.parametrize(("says", "expected"), [("yes", 1.0), ("no", 0.0), ("?!", 0.0), (" ", 0.0)])
def test_a_judge_that_always_says_the_same_scores_any_table(
    says: str, expected: float, tmp_path: Path
):
    file = tmp_path / "t.jsonl"
    rows = [{"question": f"{number}?", "answer": "a line"} for number in range(3)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    engine = ScriptedEngine(lambda messages, request: says)
    asked = Judge(Team(engine, engine, judge=engine, cache=False))
    for name, match in (("jsonl", "judge"), ("open", None)):
        task = judged_task(task_by_name(name, match=match), asked)
        task, examples = load_questions(task, "test", None, str(file))
        assert [score(task, example, "A line.") for example in examples] == [expected] * 3
        assert score(task, examples[0], None) == 0.0, "without an answer no judge is asked"
    unread = says.strip() not in ("yes", "no")
    assert (asked.asked, asked.unread) == (6, 6 * unread)
