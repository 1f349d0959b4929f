"""Tasks by name: of the project, of another package, of a script; and the help texts that list them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.third_party import installed

from cope import CopeError
from cope.cli.main import app
from cope.eval import TASKS, ShortAnswerTask, register_task, task_by_name

RIDDLES = """
import dspy
from cope.eval import Score

class Riddles:
    name, domain, test_visibility = "riddles", "short-answer", ""

    def load(self, split, limit=None, data=None):
        rows = [dspy.Example(id=str(n), question=f"Riddle {n}?", answer=str(n)) for n in range(3)]
        return [row.with_inputs("question") for row in rows[:limit]]

    async def score(self, example, answer):
        return Score(float(answer == example.answer), "compared")

RIDDLES = Riddles()
NOT_A_TASK = object()
"""


@pytest.fixture
def riddles(tmp_path: Path) -> Iterator[None]:
    entries = {
        "cope.tasks": {"riddles": "riddles_package:RIDDLES", "broken": "riddles_package:NOT_A_TASK"}
    }
    with installed(tmp_path, "riddles_package", RIDDLES, entries, (TASKS,)):
        yield


def test_the_projects_own_tasks_are_registered_under_their_names():
    own = ["gsm8k", "humaneval", "jsonl", "math500", "mbpp"]
    assert [name for name in TASKS if name in own] == own
    for name in own:
        assert TASKS[name].name == name


def test_options_reach_the_tasks_that_take_them():
    shown = [task_by_name("mbpp", visible=visible).test_visibility for visible in ("one", "all")]
    assert shown == [
        "1 of 3 tests shown, scored on the hidden 2",
        "all 3 tests shown, scored on the same 3",
    ]
    assert task_by_name("jsonl", require_answers=False) == replace(
        TASKS["jsonl"], require_answers=False
    )  # type: ignore[type-var]
    assert task_by_name("gsm8k", visible="all") == TASKS["gsm8k"]


@pytest.mark.usefixtures("riddles")
def test_a_task_of_another_package_is_found_by_name():
    assert len(task_by_name("riddles", visible="all").load("test", 2)) == 2


@pytest.mark.usefixtures("riddles")
def test_what_is_no_task_is_refused_with_what_it_lacks():
    with pytest.raises(
        CopeError, match="the task 'broken' of riddles_package .* no name and no domain"
    ):
        task_by_name("broken")


@pytest.mark.usefixtures("riddles")
def test_a_wrong_name_lists_the_tasks_of_other_packages():
    with pytest.raises(
        CopeError,
        match="there are aime24, aime25, alfworld-gen, bbh, gsm8k, humaneval, jsonl, .*riddles",
    ):
        task_by_name("xyz")


def test_a_script_registers_a_task_of_its_own():
    register_task(ShortAnswerTask("quiz"))
    try:
        assert task_by_name("quiz").name == "quiz"
        with pytest.raises(CopeError, match="exists already"):
            register_task(ShortAnswerTask("quiz"))
    finally:
        TASKS.unregister("quiz")
    with pytest.raises(TypeError, match="no load"):
        register_task("quiz")


@pytest.mark.parametrize("command", ["eval", "compare", "record", "compile"])
def test_help_lists_the_tasks(command: str):
    text = " ".join(CliRunner().invoke(app, [command, "--help"]).output.split())
    names = [name for name in TASKS if name != "jsonl"]
    assert f"TASK: {', '.join(names)}, or jsonl for your" in text.replace("- ", "-")
