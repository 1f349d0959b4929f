"""Tasks whose answer is a program. Hidden tests score it in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import dspy

from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from ...sandbox import Sandbox, TestOutcome, TestSuite, open_sandbox
from ...util.text import plural, shorten
from .base import Score
from .code_rows import BadRow, CodeRow
from .data import Fields, Row, load_from_hub, load_rows, missing_field
from .options import TaskOptions, Visible
from .registry import reject_columns

_MAX_FEEDBACK_CHARS = 160
"""Maximum length of a test or a message in the feedback."""


@dataclass(frozen=True)
class CodeTask:
    """Questions that are answered by a Python program, with visible tests and scoring tests.

    Attributes:
        name: the name of the task on the command line.
        hub: the name of the data set on the hub and its configuration.
        fields: the fields that a row must have; each entry lists the possible names of a field.
        read: converts a row of the data set.
        visibility_notes: for each value of `visible`, a short text for the table about which tests
            are shown.
        visible: `one` shows the first test of a question and scores on the others; a question with
            a single test is scored on that one. `all` shows all tests and scores on the same ones.
            The paper does this; its accuracy is that of programs selected by the tests that score
            them. HumanEval always shows the examples in its docstring.
        sandbox: returns the sandbox that the tests run in.
        domain: the domain, which decides the signatures.
    """

    name: str
    hub: tuple[str, str | None]
    fields: Fields
    read: Callable[[Row, Visible], CodeRow]
    visibility_notes: dict[str, str]
    visible: Visible = "one"
    sandbox: Callable[[], Sandbox] = open_sandbox
    domain: str = "code"

    def __post_init__(self) -> None:
        if self.visible not in ("one", "all"):
            raise CopeError(f"visible is {self.visible!r}: give one or all")

    def with_options(self, options: TaskOptions) -> CodeTask:
        """Return the task with the options `visible` and `unsafe`.

        Raises:
            CopeError: for a kind of answers other than programs, or a mapping of columns.
        """
        _ = domain_by_name(self.domain).with_answer_kind(options.match)
        reject_columns(self.name, options.columns)
        return replace(self, visible=options.visible, sandbox=lambda: open_sandbox(options.unsafe))

    @property
    def test_visibility(self) -> str:
        """A short text about which tests a program sees and which score it."""
        return self.visibility_notes[self.visible]

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples in their own order, and check every row.

        Args:
            split: the split of the hub. If the rows of a local copy have a field `split`, only
                those of this split are loaded.
            limit: maximum number of examples, from the start; None for all.
            data: a local copy, with the field names of the hub or `question` and `answer`.

        Returns:
            Examples with `id`, `question`, `answer` (the complete reference program), `tests`,
            `setup`, `entry_point`, and for scoring `hidden` and `hidden_setup`.

        Raises:
            CopeError: if the data cannot be loaded or has no such split, or a row cannot be used.
        """
        rows = self._load_rows(split, data)
        examples = []
        for number, row in enumerate(rows[:limit]):
            examples.append(self._example(row, f"{self.name}-{split}-{number}"))
        return examples

    def _load_rows(self, split: str, data: str | None) -> list[Row]:
        if data:
            return load_rows(data, split, self.fields, self._row_error)
        rows = load_from_hub(self.name, *self.hub, split)
        for number, row in enumerate(rows, 1):
            error = missing_field(row, self.fields) or self._row_error(row)
            if error:
                raise CopeError(
                    f"{self.hub[0]} split {split} row {number}: {error}: give a corrected copy "
                    "with --data FILE"
                )
        return rows

    def _row_error(self, row: Row) -> str | None:
        """Return why a row cannot be used; None if it can."""
        try:
            self.read(row, self.visible)
        except BadRow as error:
            return str(error)
        return None

    def _example(self, row: Row, default_id: str) -> dspy.Example:
        values = asdict(self.read(row, self.visible))
        values["id"] = str(values["id"] or default_id)
        return dspy.Example(**values).with_inputs("question", "tests", "setup", "entry_point")

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Run the hidden tests on a program.

        Args:
            example: an example from `load`.
            answer: the source of the program; None if none could be read.

        Returns:
            The score 1 if all tests pass, else 0, with the first failure as feedback.
        """
        if answer is None or not answer.strip():
            return Score(0.0, "No program could be read from the reply.")
        suite = TestSuite(
            tuple(example.hidden), setup=example.hidden_setup, entry_point=example.entry_point
        )
        report = await self.sandbox().run(answer, suite)
        count = len(suite.tests)
        kind = "test" if set(suite.tests) <= set(example.tests) else "hidden test"
        if report.all_passed and len(report.outcomes) == count:
            passed = f"all {count} {kind}s" if count > 1 else f"the {kind}"
            return Score(1.0, f"The program passes {passed}.")
        failed = next((outcome for outcome in report.outcomes if not outcome.passed), None)
        if failed is None:
            return Score(0.0, "The tests gave no verdict.")
        passed = f"The program passes {report.passed} of {plural(count, kind)}"
        if report.errors:
            passed = f"{passed}, and {report.errors} could not be judged"
        return Score(0.0, f"{passed}; {_describe_failure(failed)}")


def _describe_failure(outcome: TestOutcome) -> str:
    """Return a failed test and why it failed."""
    if outcome.message.startswith("assert "):  # it contains the test and a value, each short
        return shorten(outcome.message, 2 * _MAX_FEEDBACK_CHARS)
    message = shorten(outcome.message, _MAX_FEEDBACK_CHARS) or "failed"
    if "\n" in outcome.test:
        return f"the hidden check: {message}"
    return f"{shorten(outcome.test, _MAX_FEEDBACK_CHARS)}: {message}"
