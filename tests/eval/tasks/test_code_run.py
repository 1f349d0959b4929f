"""An evaluation of programs: what one right sample leaves unasked, and that hostile programs do not end it."""

import asyncio
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade
from cope.eval import RunStore, evaluate, task_by_name
from cope.programs import VisibleTests
from cope.sandbox import Limits, Sandbox, TestOutcome, TestReport, TestSuite, Unsandboxed

pytestmark = pytest.mark.slow

SETTINGS: dict[str, Any] = {"task": "mbpp", "preset": "answer-cascade", "models": {}}


def example(number: int) -> dspy.Example:
    test = f"assert f({number}) == {number + 1}"
    return dspy.Example(
        id=f"q{number}",
        question=f"Add one to {number}.",
        answer="def f(n): return n + 1",
        tests=[test],
        setup="",
        entry_point="f",
        hidden=[test, "assert f(0) == 1"],
        hidden_setup="",
    ).with_inputs("question", "tests", "setup", "entry_point")


@pytest.fixture
def run(tmp_path: Path, scripted: Any) -> Any:
    """Evaluates some questions with a scripted team; returns the records by id and the team."""
    sandbox = Sandbox(Unsandboxed(), Limits(cpu_seconds=1, seconds=60.0))

    def evaluated(reply: Any, count: int, box: Any = sandbox, **options: Any) -> Any:
        s = scripted(reply, **options)
        cascade = Cascade(
            "answer-cascade", s.team, domain="code", confidence=VisibleTests(lambda: box)
        )
        task = task_by_name("mbpp", unsafe=True)
        with RunStore(SETTINGS, tmp_path).open() as folder:
            outcome = asyncio.run(
                evaluate(task, [example(n) for n in range(1, count + 1)], cascade, folder)
            )
        return {record.id: record for record in outcome.results}, s

    return evaluated


def test_a_busy_model_is_not_asked_for_samples_that_nobody_needs(run: Any) -> None:
    """With four places and five questions at a time, first samples go first; where they pass, no second one is made."""

    class AllPass:
        """A sandbox that takes no time: how long a verdict takes is not what is tested."""

        async def run(self, program: str, suite: TestSuite) -> TestReport:
            return TestReport(tuple(TestOutcome(test, True) for test in suite.tests))

    records, s = run(
        lambda ask: "def f(n): return n + 1", 12, AllPass(), limits={"small": 4}, delay=0.05
    )
    assert all(record.round == 1 for record in records.values())
    assert len(s.small.requests) < 12 * 4, (
        "without ranks all eight samples of a question are asked together"
    )


def test_hostile_programs_are_wrong_answers_and_the_evaluation_continues(run: Any) -> None:
    def reply(ask: Any) -> str:
        if "Add one to 1." in ask.user:
            return "def f(n):\n    while True:\n        pass"
        if "Add one to 2." in ask.user:
            return "import os\ndef f(n):\n    os._exit(0)"
        return "def f(n): return n + 1"

    records, _ = run(reply, 4)
    assert [records[f"q{n}"].score for n in (1, 2, 3, 4)] == [0.0, 0.0, 1.0, 1.0]
    assert all(record.error is None for record in records.values())
    assert "processor time" in records["q1"].feedback
    assert "the program ended" in records["q2"].feedback
