"""A task whose answers a judge scores."""

from dataclasses import dataclass

import dspy

from ..run.judge_summary import UNREAD_VERDICT
from ..tasks.base import Score, Task
from .judge import Judge


@dataclass(frozen=True)
class JudgedTask:
    """Another task's questions; the score of an answer is the verdict of a judge.

    Attributes:
        task: the task.
        judge: says whether an answer meets its criteria and the reference.
    """

    task: Task
    judge: Judge

    @property
    def name(self) -> str:
        return self.task.name

    @property
    def domain(self) -> str:
        return self.task.domain

    @property
    def answer_kind(self) -> str:
        return "judge"

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
