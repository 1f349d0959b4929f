"""Answer the rows of a table: several at a time, in a window that moves through the table."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import dspy

from ..answers.choices import find_choice
from ..eval.run.evaluate import first_error
from ..eval.tasks.code_rows import BadRow
from ..models import use_ledger
from ..models.run_budget import RunBudget
from ..programs import System, ask_system
from ..util.table_files import Row
from ..util.text import shorten
from .answer_columns import AnsweredRow, added_cells
from .journal import Journal
from .row_error import row_error
from .row_inputs import RowInputs
from .totals import Totals
from .writers import RowWriter

WINDOW = 8
"""Rows that may wait to be written, for each row that may be asked at a time."""


class OrderedOutput:
    """Writes rows in the order of the table, however their answers arrive.

    The output is always the start of the complete one. Rows that wait for an earlier row are in
    memory, and `has_room` limits their number.

    Args:
        writer: writes a row; None writes nothing.
        names: the name in the output of each added column.
        window: the number of rows that may wait.
    """

    def __init__(self, writer: RowWriter | None, names: Mapping[str, str], window: int) -> None:
        self._writer, self._names, self._window = writer, names, window
        self._waiting: dict[int, tuple[Row, AnsweredRow]] = {}
        self._next = 1
        self._moved = asyncio.Event()
        self._stopped = False

    @property
    def written(self) -> int:
        """The number of rows in the output."""
        return self._next - 1

    def add(self, row: Row, answered: AnsweredRow) -> None:
        """Write a row as soon as all earlier rows are written."""
        self._waiting[answered.row] = row, answered
        while self._next in self._waiting:
            ready, answer = self._waiting.pop(self._next)
            if self._writer is not None:
                self._writer.write(ready, added_cells(answer, self._names))
            self._next += 1
        self._moved.set()

    async def has_room(self, row: int) -> None:
        """Wait until a row is in the window, or until no further row is asked."""
        while row >= self._next + self._window and not self._stopped:
            self._moved.clear()
            await self._moved.wait()

    def stop(self) -> None:
        """Let no caller of `has_room` wait any longer, because a row will get no answer."""
        self._stopped = True
        self._moved.set()


@dataclass
class RowsInFlight:
    """Asks the rows that have no answer.

    Attributes:
        system: answers the questions.
        row_inputs: makes the question of a row.
        journal: keeps the answers.
        output: writes the rows.
        budget: limits the cost.
        totals: receives every row.
        on_row: receives every new answer and the sums so far.
        in_flight: the number of rows asked at the same time.
    """

    system: System
    row_inputs: RowInputs
    journal: Journal
    output: OrderedOutput
    budget: RunBudget
    totals: Totals
    on_row: Callable[[AnsweredRow, Totals], None]
    in_flight: int

    async def run(self, rows: Iterable[Row]) -> None:
        """Answer rows, the first of which has the number 1.

        Raises:
            CopeError: if a model cannot be reached or used; the answers so far are saved.
        """
        slots = asyncio.Semaphore(self.in_flight)
        try:
            with dspy.context(disable_history=True, trace=None):  # both grow with the table
                async with asyncio.TaskGroup() as group:
                    for number, row in enumerate(rows, 1):
                        await self.output.has_room(number)
                        if self.budget.stopped:
                            break
                        if self.journal.has(number):
                            self._finish(row, self.journal.get(number))
                            continue
                        await slots.acquire()
                        task = group.create_task(self._ask(number, row))
                        task.add_done_callback(lambda _: slots.release())
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None

    def _finish(self, row: Row, answered: AnsweredRow) -> None:
        self.totals.add(answered)
        self.output.add(row, answered)

    async def _ask(self, number: int, row: Row) -> None:
        """Ask a row unless the budget forbids it, and save its answer."""
        async with self.budget.question() as allowed:
            if allowed:
                await self._ask_and_save(number, row)
        if self.budget.stopped:
            self.output.stop()

    async def _ask_and_save(self, number: int, row: Row) -> None:
        with use_ledger(self.journal.calls.of_row(number)):
            answered = await self._answer(number, row)
        answered = answered.priced(self.journal.prices)
        self.journal.add(answered)
        self._finish(row, answered)
        self.on_row(answered, self.totals)

    async def _answer(self, number: int, row: Row) -> AnsweredRow:
        """Return the answer to a row. An error that concerns this row only is in its answer.

        Raises:
            CopeError: or another error that every row would raise.
        """
        try:
            answered = await ask_system(self.system, self.row_inputs(row))
        except BadRow as error:
            return AnsweredRow(number, error=str(error))
        except Exception as error:
            text = row_error(error)
            return AnsweredRow(number, error=text, failed=True, tokens=None, usd=None)
        result = AnsweredRow.of_answer(number, self.system, answered)
        return with_choice(result, self.row_inputs.choices_of(row))


def with_choice(result: AnsweredRow, choices: Sequence[str]) -> AnsweredRow:
    """Return an answer as the text of the option that it names; an error where it names none."""
    if choices and result.answer is not None:
        place = find_choice(result.answer, choices)
        if place is None:
            result.error = f"the answer {shorten(result.answer, 60)!r} is none of the choices"
        result.answer = None if place is None else choices[place]
    return result
