"""Tasks: questions with their right answers, and how an answer is scored.

`Task` is the interface of all tasks. `ShortAnswerTask` implements it for short answers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import dspy

from ...answers.inference import infer_answer_kind
from ...answers.kinds.registry import ANSWER_KINDS
from ...answers.matching import is_right_async
from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from .columns import ColumnMapping
from .data import QUESTION_AND_ANSWER, Row, load_from_hub, load_rows, missing_field, short_fields
from .options import TaskOptions

if TYPE_CHECKING:
    from ...programs import Cascade

_SOLUTION_FIELDS = ("reasoning", "solution")
"""Field names under which data sets store a worked solution."""

CHOICE = "choice"
"""The kind of answers that are letters of options."""

# GSM8K's notes for a calculator, which a model must not learn to write.
_CALCULATOR_NOTES = re.compile(r"<<[^<>\n]*>>")


@dataclass(frozen=True)
class Score:
    """A score between 0 and 1, and feedback as text for people and optimizers.

    The score is NaN where the task cannot decide, as on free text without a judge.
    """

    value: float
    feedback: str


class Task(Protocol):
    """Questions of one kind.

    A task may also have `answer_kind`, the name of a kind in `ANSWER_KINDS`. Answers are then read,
    voted on and scored as this kind. A task without it has the kind of its domain, see
    `answer_kind_of`.
    """

    @property
    def name(self) -> str:
        """The name of the task on the command line."""
        ...

    @property
    def domain(self) -> str:
        """The name of the domain of the questions, such as `short-answer` or `code`."""
        ...

    @property
    def test_visibility(self) -> str:
        """A short text for the table about what models see of the scoring; empty for nothing."""
        ...

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples from the hub or a local copy.

        An example has `id`, `question`, `answer` and the inputs of the program. Demonstrations also
        use the fields that are named like an output of a reasoner, such as `reasoning`.
        """
        ...

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Compare an answer with that of the example."""
        ...


def answer_kind_of(task: Task) -> str:
    """Return the name of a task's kind of answers; that of its domain if the task names none."""
    answer_kind = getattr(task, "answer_kind", None)
    return answer_kind or domain_by_name(task.domain).answer_kind


def saved_kind_of(task: Task) -> str:
    """Return the kind of answers under which runs of a task are filed, see `ShortAnswerTask`."""
    return getattr(task, "saved_kind", None) or answer_kind_of(task)


def with_inferred_kind(task: Task, examples: Iterable[dspy.Example]) -> Task:
    """Return the task with the kind of answers that the right answers are of, if it names none.

    Without right answers the kind is `text`.
    """
    if not isinstance(task, ShortAnswerTask) or task.answer_kind is not None:
        return task
    golds = [example.answer for example in examples if example.answer is not None]
    return replace(task, answer_kind=infer_answer_kind(golds), saved_kind=saved_kind_of(task))


def load_questions(
    task: Task, split: str, limit: int | None = None, data: str | None = None
) -> tuple[Task, list[dspy.Example]]:
    """Load the examples of a task, and return it with its kind of answers.

    A kind that is inferred depends on all examples and not on the limit, because a run with another
    limit resumes in the same folder.

    Args:
        task: the task.
        split: see `Task.load`.
        limit: maximum number of examples, from the start; None for all.
        data: see `Task.load`.
    """
    if not isinstance(task, ShortAnswerTask) or task.answer_kind is not None:
        return task, task.load(split, limit, data)
    examples = task.load(split, None, data)
    return with_inferred_kind(task, examples), examples[:limit]


def read_answers_of(program: "Cascade", task: Task) -> "Cascade":
    """Return the program for the kind of answers of a task."""
    return program.with_answer_kind(answer_kind_of(task), saved_kind_of(task))


@dataclass(frozen=True)
class ShortAnswerTask:
    """Questions with a short answer.

    Attributes:
        name: the name of the task on the command line.
        hub: the name of the data set on the hub and its configuration; None for the user's own
            file.
        question_field: the field that holds the question on the hub.
        answer_marker: the text before the final answer in the answer field of the hub, if this
            field holds the whole solution.
        require_answers: whether every row of a local copy must have an answer. A row without an
            answer is not scored.
        answer_kind: how answers are read and compared, a name in `ANSWER_KINDS`; None infers it
            from the right answers, see `with_inferred_kind`.
        saved_kind: the kind in the fingerprints of runs; None is `answer_kind`. Earlier versions
            read the answers of all tasks in one way, and the folders of their runs must be found.
        columns: the columns of the user's table; None takes them by their names.
    """

    name: str
    hub: tuple[str, str | None] | None = None
    question_field: str = "question"
    answer_marker: str | None = None
    domain: str = "short-answer"
    test_visibility: str = ""
    require_answers: bool = True
    answer_kind: str | None = None
    saved_kind: str | None = None
    columns: ColumnMapping | None = None

    def with_options(self, options: TaskOptions) -> Self:
        """Return the task with the options `require_answers`, `match` and `columns`.

        Questions with choices have letters as answers, unless another kind is named.

        Raises:
            CopeError: if there is no such kind of answers.
        """
        columns, match = options.columns, options.match
        task = replace(self, require_answers=options.require_answers, columns=columns)
        if match is None and columns is not None and columns.choices is not None:
            match = CHOICE
        if match is None or match == self.answer_kind:
            return task
        _ = domain_by_name(self.domain).with_answer_kind(match)
        return replace(task, answer_kind=match, saved_kind=match)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples in their own order.

        Args:
            split: the split of the hub. If the rows of a local copy have a field `split`, only
                those of this split are loaded.
            limit: maximum number of examples, from the start; None for all.
            data: a local copy in JSONL, CSV or Parquet, or `hub:OWNER/NAME[:config]`, with
                `question` and `answer`, and optionally `id`, unless `columns` names others.
                Demonstrations use a worked solution in `reasoning` or `solution`.

        Returns:
            Examples with `id`, `question` and `answer`, and `reasoning` if the row has a worked
            solution.

        Raises:
            CopeError: if the data cannot be loaded or has no such split, or a row has no question
                or answer.
        """
        if data:
            fields = QUESTION_AND_ANSWER if self.require_answers else (("question",),)
            letters = self.answer_kind == CHOICE
            rows = load_rows(data, split, fields, columns=self.columns, letters=letters)
            rows = self.select_rows(rows, data)
            question_field = "question"
        elif self.hub:
            rows = self.hub_rows(split)
            self._check_hub_rows(rows, split)
            question_field = self.question_field
        else:
            raise CopeError(
                f"task {self.name!r} needs your questions: give --data FILE with question and "
                "answer"
            )
        examples = []
        for number, row in enumerate(rows[:limit]):
            default_id = f"{self.name}-{split}-{number}"
            examples.append(self._example(row, str(row[question_field]), default_id))
        return examples

    def hub_rows(self, split: str) -> list[Row]:
        """Return the rows of a split on the hub, with the answers in the field `answer`."""
        assert self.hub is not None
        return load_from_hub(self.name, *self.hub, split)

    def _check_hub_rows(self, rows: list[Row], split: str) -> None:
        """Raise an error for a row that is not of the form that the task knows."""
        for number, row in enumerate(rows):
            error = missing_field(row, ((self.question_field,), ("answer",)))
            if error:
                raise CopeError(
                    f"{self.name}: row {number} of split {split} on the hub has another form than "
                    f"expected: {error}; give a local copy with --data FILE"
                )

    def select_rows(self, rows: list[Row], data: str) -> list[Row]:
        """Return those rows of a local copy that belong to the task; all of them here."""
        return rows

    def _example(self, row: Row, question: str, default_id: str) -> dspy.Example:
        answer: str | None = None
        if row.get("answer") is not None:
            answer = str(row["answer"]).strip() or None
        solution = _worked_solution(row)
        if answer and self.answer_marker and self.answer_marker in answer:
            before, answer = answer.rsplit(self.answer_marker, 1)
            answer = answer.strip()
            solution = solution or before.strip()
        example_id = row.get("id") or row.get("unique_id") or default_id
        example = dspy.Example(id=str(example_id), question=question, answer=answer)
        reasoning = self._solution_steps(solution)
        if reasoning:
            example["reasoning"] = reasoning
        fields = short_fields(row)
        if fields:
            example["fields"] = fields
        return example.with_inputs("question")

    def _solution_steps(self, solution: str) -> str:
        """Return a worked solution without the final answer, which demonstrations show apart."""
        if self.answer_marker:
            solution = solution.rsplit(self.answer_marker, 1)[0]
        return _CALCULATOR_NOTES.sub("", solution).strip()

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Compare an answer with that of the example, as the kind of answers does."""
        if answer is None:
            return Score(0.0, f"No answer could be read. The right answer is {example.answer}.")
        answers = ANSWER_KINDS.by_name(answer_kind_of(self))
        if await is_right_async(answers, example.answer, answer):
            return Score(1.0, f"{answer} is right.")
        return Score(0.0, f"{answer} is wrong. The right answer is {example.answer}.")


def _worked_solution(row: dict[str, Any]) -> str:
    """Return the first field of a row that holds a worked solution; empty without one."""
    for name in _SOLUTION_FIELDS:
        text = row.get(name)
        if isinstance(text, str) and text:
            return text
    return ""
