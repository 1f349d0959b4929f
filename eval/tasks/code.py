"""Tasks whose answer is a program: scored by tests that the program has not seen, in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import dspy

from ...errors import CopeError
from ...sandbox import Sandbox, TestSuite, open_sandbox
from ...util.text import shorten
from .base import Score
from .code_rows import BadRow, CodeRow
from .data import Fields, filter_split, load_from_file, load_from_hub, missing_field
from .options import TaskOptions, Visible

_MAX_FEEDBACK_CHARS = 160
"""Characters of a test or message that feedback repeats."""


@dataclass(frozen=True)
class CodeTask:
    """Questions that want a Python program, with tests that are shown and tests that score.

    Attributes:
        name: the task's name on the command line.
        hub: the data set's name on the hub and its configuration.
        fields: what a row must have; each entry lists the names that a field may go by.
        read: makes a task of a row.
        visibility_notes: what is shown, by `visible`, in a few words for the table.
        visible: `one` shows a question's first test and scores on the others; a question with a single test is scored
            on that. `all` shows all tests and scores on the same ones: it is the paper's way, and its accuracy is that
            of programs picked by the tests that score them. HumanEval always shows its docstring's examples.
        sandbox: gives the sandbox that the tests run in.
        domain: which signatures fit.
    """

    name: str
    hub: tuple[str, str | None]
    fields: Fields
    read: Callable[[dict[str, Any], Visible], CodeRow]
    visibility_notes: dict[str, str]
    visible: Visible = "one"
    sandbox: Callable[[], Sandbox] = open_sandbox
    domain: str = "code"

    def __post_init__(self) -> None:
        if self.visible not in ("one", "all"):
            raise CopeError(f"visible is {self.visible!r}: give one or all")

    def with_options(self, options: TaskOptions) -> CodeTask:
        """Return the task with other visible tests, and with or without a sandbox."""
        return replace(self, visible=options.visible, sandbox=lambda: open_sandbox(options.unsafe))

    @property
    def test_visibility(self) -> str:
        """Which tests a program sees and which score it, in a few words."""
        return self.visibility_notes[self.visible]

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the examples in their own order, every row checked.

        Args:
            split: the hub's split; of a local copy whose rows name their `split`, only the rows of this one.
            limit: at most so many, from the start.
            data: a local copy, with the hub's field names or `question` and `answer`.

        Returns:
            Examples with `id`, `question`, `answer` (the reference program in full), `tests`, `setup`, `entry_point`,
            and for scoring `hidden` and `hidden_setup`.

        Raises:
            CopeError: when the data cannot be had or has no such split, or a row cannot be used.
        """
        rows = (
            load_from_file(data, self.fields, self._row_error)
            if data
            else load_from_hub(self.name, *self.hub, split)
        )
        if data:
            rows = filter_split(rows, split, data)
        else:
            for number, row in enumerate(rows, 1):
                if wrong := missing_field(row, self.fields) or self._row_error(row):
                    raise CopeError(
                        f"{self.hub[0]} split {split} row {number}: {wrong}: give a mended copy with --data FILE"
                    )
        return [
            self._example(row, f"{self.name}-{split}-{n}") for n, row in enumerate(rows[:limit])
        ]

    def _row_error(self, row: dict[str, Any]) -> str | None:
        try:
            self.read(row, self.visible)
        except BadRow as error:
            return str(error)
        return None

    def _example(self, row: dict[str, Any], identity: str) -> dspy.Example:
        values = asdict(self.read(row, self.visible))
        values["id"] = str(values["id"] or identity)
        return dspy.Example(**values).with_inputs("question", "tests", "setup", "entry_point")

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Run the hidden tests on a program.

        Args:
            example: one that `load` gave.
            answer: the program's source; None when none could be read.

        Returns:
            1 when all pass, else 0, with the first failure in words.
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
            return Score(
                1.0, f"The program passes {f'all {count} {kind}s' if count > 1 else f'the {kind}'}."
            )
        failed = next((outcome for outcome in report.outcomes if not outcome.passed), None)
        if failed is None:
            return Score(0.0, "The tests gave no verdict.")
        names_it = failed.message.startswith(
            "assert "
        )  # then the message holds a test and a value, each short
        why = shorten(failed.message, (1 + names_it) * _MAX_FEEDBACK_CHARS) or "failed"
        if not names_it:
            why = f"{'the hidden check' if chr(10) in failed.test else shorten(failed.test, _MAX_FEEDBACK_CHARS)}: {why}"
        return Score(
            0.0, f"The program passes {report.passed} of {count} {kind}{'s' * (count > 1)}; {why}"
        )
