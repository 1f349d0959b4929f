"""One run over a table: what is asked, where its answers are, and how it ended."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import CopeError
from ..eval.run.prices import prices_of
from ..eval.tasks.base import CHOICE
from ..models import run_sync
from ..models.budget import cost_for_budget
from ..models.concurrency import favoring_throughput
from ..models.run_budget import RunBudget, spent_before
from ..programs import System
from .answer_columns import ADDED_COLUMNS, AnsweredRow, output_names
from .answering import WINDOW, OrderedOutput, RowsInFlight
from .journal import Journal, journal_folder, open_journal
from .options import TableOptions
from .row_inputs import RowInputs, bind_inputs
from .tables import Table, TableFacts, scan
from .totals import Totals
from .writers import RowWriter, open_writer


def _ignore(*args: object) -> None:
    """Drop what is reported."""


@dataclass(frozen=True)
class TableJob:
    """A table to answer.

    Attributes:
        table: the rows.
        system: answers the questions.
        options: what is asked, and where the answers are written.
        answer_kind: how answers are read, a name in `ANSWER_KINDS`.
        settings: more settings that decide the answers, such as the models.
        keep_answers: whether the report contains all answers.

    Raises:
        CopeError: if the output is the table itself.
    """

    table: Table
    system: System
    options: TableOptions
    answer_kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    keep_answers: bool = False

    def __post_init__(self) -> None:
        output, source = self.options.output, self.table.path
        if output and source and output.exists() and output.samefile(source):
            raise CopeError(f"{output} is what this command reads: name another file with -o")

    def identity(self, facts: TableFacts) -> dict[str, Any]:
        """Return all settings that decide the answers, as they are saved with them."""
        mapping = self.options.mapping
        settings: dict[str, Any] = {"data": self.table.name, "data_digest": facts.digest}
        settings["columns"] = mapping.as_dict() if mapping else {}
        settings["preset"] = self.system.name
        settings["program"] = self.system.fingerprint()
        settings["answer_kind"] = self.answer_kind
        return settings | self.system.settings() | dict(self.settings)

    def row_inputs(self, facts: TableFacts) -> RowInputs:
        """Return what makes the inputs of the system from a row.

        Raises:
            CopeError: for a column that the table does not have.
        """
        letters = self.answer_kind == CHOICE
        return bind_inputs(
            self.system, self.options.mapping, facts.columns, self.table.name, letters
        )


@dataclass(frozen=True)
class TableReport:
    """How a run over a table ended.

    Attributes:
        rows: the number of rows to answer.
        written: the number of rows in the output.
        totals: sums over all answered rows, also of earlier attempts.
        names: the name in the output of each added column.
        earlier: rows that an earlier attempt had answered.
        stop_reason: why some rows were not asked, as one line; None if all were.
        answers: the answer to each row, if the job keeps them; without an answer only its number.
    """

    rows: int
    written: int
    totals: Totals
    names: dict[str, str]
    earlier: int
    stop_reason: str | None
    answers: list[AnsweredRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        document: dict[str, Any] = {"rows": self.rows, "written": self.written}
        document["earlier"] = self.earlier
        sums = self.totals.as_dict()
        sums["finished"] = sums.pop("rows")
        document |= sums
        document["added"] = self.names
        document["stopped"] = self.stop_reason
        return document


def job_document(job: TableJob, report: TableReport) -> dict[str, Any]:
    """Return a run over a table as plain data."""
    output, mapping = job.options.output, job.options.mapping
    document: dict[str, Any] = {"data": job.table.name}
    document["output"] = str(output) if output else None
    document["folder"] = str(journal_folder(output)) if output else None
    document["columns"] = mapping.as_dict() if mapping else {}
    document["preset"] = job.system.name
    document["answer_kind"] = job.answer_kind
    return document | dict(job.settings) | report.as_dict()


@dataclass(frozen=True)
class TableCallbacks:
    """Functions of the caller.

    Attributes:
        on_start: receives the number of rows, and of those that an earlier attempt answered.
        on_row: receives every new answer, and the sums over all rows so far.
        notify: receives a line for the user.
    """

    on_start: Callable[[int, int], None] = _ignore
    on_row: Callable[[AnsweredRow, Totals], None] = _ignore
    notify: Callable[[str], None] = _ignore


def answer_table(job: TableJob, callbacks: TableCallbacks | None = None) -> TableReport:
    """Answer the rows of a table that have no answer, and write all rows in order.

    The table is read one row at a time. Every answer is saved when it is made, in the folder
    `OUTPUT.run`, so that the same call resumes a killed run.

    Args:
        job: the table.
        callbacks: functions of the caller.

    Raises:
        CopeError: before any row is asked: if the table cannot be read, a column is missing, or
            the output is of another run. Later: if a model cannot be reached or used; the answers
            so far are saved.
    """
    callbacks = callbacks or TableCallbacks()
    options = job.options
    facts = scan(job.table)
    row_inputs = job.row_inputs(facts)
    names = output_names(options.columns, facts.columns)
    for column, name in names.items():
        if column != name:
            callbacks.notify(f"{job.table.name} has a column {column!r}: the added one is {name!r}")
    rows = min(facts.rows, options.limit or facts.rows)
    with ExitStack() as stack:
        journal = stack.enter_context(_open_journal(job, facts))
        budget = _budget_of(options.budget, journal)
        writer = _open_output(job, facts, names)
        if writer is not None:
            stack.callback(writer.close)
        earlier = sum(journal.has(row) for row in range(1, rows + 1))
        callbacks.on_start(rows, earlier)
        totals = Totals()
        in_flight = options.questions or job.system.concurrency()
        output = OrderedOutput(writer, names, WINDOW * in_flight)
        work = RowsInFlight(
            job.system, row_inputs, journal, output, budget, totals, callbacks.on_row, in_flight
        )
        with favoring_throughput():
            run_to_end(work.run(islice(job.table.read(), rows)))
        answers = []
        if job.keep_answers:
            for row in range(1, rows + 1):
                not_asked = AnsweredRow(row, usd=None, error=budget.stop_reason)
                answers.append(journal.get(row) if journal.has(row) else not_asked)
    return TableReport(rows, output.written, totals, names, earlier, budget.stop_reason, answers)


def _budget_of(usd: float | None, journal: Journal) -> RunBudget:
    """Return the budget of a run, from which earlier attempts have spent."""
    if usd is None:
        return RunBudget(None)
    spent = sum(cost_for_budget(usage) for usage in journal.usages())
    spent += spent_before(journal.calls.open_calls(), journal.prices)
    budget = RunBudget(usd, spent=spent, prices=journal.prices)
    budget.begin(journal.usages())
    return budget


@contextmanager
def _open_journal(job: TableJob, facts: TableFacts) -> Iterator[Journal]:
    """Open the journal next to the output, or a temporary one."""
    output, options = job.options.output, job.options
    with ExitStack() as stack:
        if output is None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="cope-run-")))
        else:
            folder = journal_folder(output)
        opened = open_journal(
            folder,
            facts.rows,
            job.identity(facts),
            output,
            retry_failed=options.retry_errors,
            again=options.again,
            prices=prices_of(job.system),
        )
        yield stack.enter_context(opened)


def run_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, also in a notebook, which has a running loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        run_sync(work)


def _open_output(job: TableJob, facts: TableFacts, names: Mapping[str, str]) -> RowWriter | None:
    path = job.options.output
    if path is None:
        return None
    added = {name: ADDED_COLUMNS[column] for column, name in names.items()}
    return open_writer(path, job.table, facts, added, names.get("answer", ""))
