"""A task whose answers a judge scores."""

from dataclasses import dataclass, replace

import dspy

from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from ...programs.judge import Judge
from ..run.judge_summary import UNREAD_VERDICT
from ..tasks.base import Score, ShortAnswerTask, Task
from ..tasks.open_ended import JUDGED


def judged_task(task: Task, judge: Judge) -> "JudgedTask":
    """Return a task as a judge scores it. Its questions need no reference answer.

    Raises:
        CopeError: for a task whose answers are programs, which tests score.
    """
    if domain_by_name(task.domain).needs_sandbox:
        raise CopeError(f"task {task.name!r} is scored by tests: leave out --judge")
    if isinstance(task, ShortAnswerTask):
        task = replace(task, require_answers=False, answer_kind=JUDGED, saved_kind=JUDGED)
    return JudgedTask(task, judge)


@dataclass(frozen=True)
class JudgedTask:
    """Another task's questions; the score of an answer is the verdict of a judge.

    Attributes:
        task: the task.
        judge: says whether an answer meets its criteria and the reference.
        needs_reference: whether only questions with a right answer can be scored.
    """

    task: Task
    judge: Judge
    needs_reference: bool = False

    @property
    def name(self) -> str:
        return self.task.name

    @property
    def domain(self) -> str:
        return self.task.domain

    @property
    def answer_kind(self) -> str:
        return JUDGED

    @property
    def test_visibility(self) -> str:
        """Which judge scores the answers; it is part of a run's identity."""
        return self.judge.describe()

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples of the task."""
        return self.task.load(split, limit, data)

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Return 1 when the judge finds that the answer meets the criteria, else 0.

        An unread verdict counts as 0, because nothing shows that the answer is right.
        """
        if answer is None:
            return Score(0.0, "No answer could be read.")
        verdict = await self.judge.meets(example.question, example.answer, answer)
        if verdict is None:
            return Score(0.0, UNREAD_VERDICT)
        if verdict:
            return Score(1.0, "The judge finds that the answer meets the criteria.")
        return Score(0.0, "The judge finds that the answer does not meet the criteria.")
