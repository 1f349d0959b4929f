"""A task: questions with their right answers, and how an answer is scored. The seam for new ones."""

import re
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import dspy

from ...answers.kinds.registry import ANSWER_KINDS
from ...answers.matching import is_right_async
from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from .data import QUESTION_AND_ANSWER, filter_split, load_from_file, load_from_hub
from .options import TaskOptions

_SOLUTION_FIELDS = ("reasoning", "solution")  # what data calls a worked solution
_CALCULATOR_NOTES = re.compile(
    r"<<[^<>\n]*>>"
)  # GSM8K's notes for a calculator, which no model should learn to write


@dataclass(frozen=True)
class Score:
    """How good an answer is: a value between 0 and 1, and feedback in words for people and optimizers."""

    value: float
    feedback: str


class Task(Protocol):
    """Questions of one kind.

    A task may also have `answer_kind`, the name of a kind in `ANSWER_KINDS`, by which answers are read, vote and are
    scored; one without it has the kind of its domain, see `answer_kind_of`.
    """

    @property
    def name(self) -> str:
        """By which the command line knows it."""
        ...

    @property
    def domain(self) -> str:
        """The kind of questions: `short-answer` or `code`."""
        ...

    @property
    def test_visibility(self) -> str:
        """What of the scoring models see, in a few words for the table; empty where they see nothing of it."""
        ...

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """The examples, each with `id`, `question`, `answer`, and the program's inputs; from the hub or a local copy.

        What else a row has under the name of an output of a reasoner, such as `reasoning`, goes into demonstrations made
        of it.
        """
        ...

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Compare an answer with the example's."""
        ...


def answer_kind_of(task: Task) -> str:
    """Return the name of the kind of answers that a task names; that of its domain where it names none."""
    named = getattr(task, "answer_kind", None)
    return named or domain_by_name(task.domain).answer_kind


@runtime_checkable
class TakesOptions(Protocol):
    """A task that some of the user's options change."""

    def with_options(self, options: TaskOptions) -> Task:
        """Return the task with these options; those that do not concern it are ignored."""
        ...


@dataclass(frozen=True)
class ShortAnswerTask:
    """Questions with a short answer, compared as their kind says: as mathematics, unless another kind is named.

    Attributes:
        name: the task's name on the command line.
        hub: the data set's name on the hub and its configuration; None for the user's own file.
        question_field: the field that holds the question on the hub.
        answer_marker: what stands before the final answer in the hub's answer field, where it holds the whole solution.
        require_answers: whether every row of a local copy must have an answer. Without one nothing is scored.
        answer_kind: how answers are read and compared, a name in `ANSWER_KINDS`.
    """

    name: str
    hub: tuple[str, str | None] | None = None
    question_field: str = "question"
    answer_marker: str | None = None
    domain: str = "short-answer"
    test_visibility: str = ""
    require_answers: bool = True
    answer_kind: str = "math"

    def with_options(self, options: TaskOptions) -> Self:
        """Return the task that requires an answer in every row, or does not."""
        return replace(self, require_answers=options.require_answers)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples in their own order.

        Args:
            split: the hub's split; of a local copy whose rows name their `split`, only the rows of this one.
            limit: at most so many, from the start.
            data: a local copy in JSONL, CSV or Parquet with `question` and `answer`, and `id` where there is one. A
                worked solution in `reasoning` or `solution` serves demonstrations.

        Returns:
            Examples with `id`, `question`, `answer`, and `reasoning` where the row has a worked solution.

        Raises:
            CopeError: when the data cannot be had or has no such split, or a row has no question or answer.
        """
        if data:
            fields = QUESTION_AND_ANSWER if self.require_answers else (("question",),)
            rows = filter_split(load_from_file(data, fields), split, data)
        elif self.hub:
            rows = load_from_hub(self.name, *self.hub, split)
        else:
            raise CopeError(
                f"task {self.name!r} needs your questions: give --data FILE with question and answer"
            )
        return [self._example(split, n, row, data) for n, row in enumerate(rows[:limit])]

    def _example(
        self, split: str, number: int, row: dict[str, Any], data: str | None
    ) -> dspy.Example:
        question = row["question"] if data else row[self.question_field]
        answer = None if row.get("answer") is None else str(row["answer"]).strip() or None
        solution = next(
            (text for name in _SOLUTION_FIELDS if isinstance(text := row.get(name), str) and text),
            "",
        )
        if answer and self.answer_marker and self.answer_marker in answer:
            before, answer = (part.strip() for part in answer.rsplit(self.answer_marker, 1))
            solution = solution or before
        identity = row.get("id") or row.get("unique_id") or f"{self.name}-{split}-{number}"
        steps = self._solution_steps(solution)
        return dspy.Example(
            id=str(identity),
            question=str(question),
            answer=answer,
            **({"reasoning": steps} if steps else {}),
        ).with_inputs("question")

    def _solution_steps(self, solution: str) -> str:
        """A worked solution as a demonstration shows it: the final answer has a place of its own there."""
        steps = solution.rsplit(self.answer_marker, 1)[0] if self.answer_marker else solution
        return _CALCULATOR_NOTES.sub("", steps).strip()

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        if answer is None:
            return Score(0.0, f"No answer could be read. The right answer is {example.answer}.")
        answers = ANSWER_KINDS.by_name(self.answer_kind)
        if await is_right_async(answers, example.answer, answer):
            return Score(1.0, f"{answer} is right.")
        return Score(0.0, f"{answer} is wrong. The right answer is {example.answer}.")
