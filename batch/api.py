"""Answer a table from Python, in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..eval.tasks.base import CHOICE
from ..eval.tasks.columns import ColumnMapping
from ..eval.tasks.hub import is_hub_address
from ..models import Team
from ..programs import Cascade, System
from .answer_columns import ADDED_COLUMNS, AnsweredRow, added_cells
from .job import TableCallbacks, TableJob, TableReport, answer_table
from .options import TableOptions
from .resolve import models_of
from .tables import TEXT_COLUMN, Table, file_table, frame_table, hub_table, records_table
from .totals import Totals


def run(
    table: Any,
    question: str | None = None,
    *,
    template: str | None = None,
    choices: str | Sequence[str] | None = None,
    program: System | str | Path = "cope",
    team: Team | None = None,
    match: str | None = None,
    output: str | Path | None = None,
    columns: Sequence[str] = tuple(ADDED_COLUMNS),
    limit: int | None = None,
    split: str = "test",
    budget: float | None = None,
    in_flight: int | None = None,
    retry_errors: bool = False,
    again: bool = False,
    on_row: Callable[[AnsweredRow, Totals], None] | None = None,
) -> Any:
    """Answer every row of a table, and return the same rows with the answers.

    Args:
        table: a pandas DataFrame; a list of dicts, or of texts that are questions; a file (CSV,
            TSV, JSONL, JSON, Parquet, or lines of text), or `hub:OWNER/NAME[:config]`.
        question: the column of the question; None is the column `question`. A program with a
            signature of its own takes the columns with the names of its inputs.
        template: writes the question from several columns, such as `"Customer: {text}"`.
        choices: a column with the options of each question, or the options of all questions as a
            list or as `"a,b,c"`. The answers are then texts of options.
        program: a preset, the file of a saved program, or a system such as a `Cascade`.
        team: the tiers; the default pair of embedded models when None.
        match: how answers are read, a name in `ANSWER_KINDS`; None is `choice` for questions with
            choices, the system's own kind for a system, else `text`.
        output: a file for the rows, which is written while they are answered. A killed run is
            resumed by the same call. A file or a set of the hub needs an output.
        columns: the columns to add, names in `ADDED_COLUMNS`. A name that the table has already
            gets the prefix `cope_`.
        limit: the number of rows, from the start; None for all.
        split: the split of a set of the hub.
        budget: the most USD that all rows together may cost. Rows that it does not allow have no
            answer.
        in_flight: the number of rows asked at the same time; None keeps the models busy.
        retry_errors: whether rows of `output` on which a model failed are asked again.
        again: whether an existing `output` is overwritten, whatever made it.
        on_row: called with every new answer, and the sums so far.

    Returns:
        A new DataFrame with the same index for a DataFrame, a list of dicts for a list, the path of
        the output for a file.

    Raises:
        CopeError: if the table has no such column, the output is of another run, or a model cannot
            be reached or used. The answers so far are in `output`.

    >>> import cope
    >>> from cope.models import ScriptedEngine
    >>> def small(messages, request):  # in place of a model
    ...     return "Answer: shipping" if "parcel" in messages[-1]["content"] else "Answer: billing"
    >>> team = cope.Team(ScriptedEngine(small), cache=False)
    >>> rows = [{"text": "Where is my parcel?"}, {"text": "I was charged twice."}]
    >>> answered = cope.run(rows, "text", program="small", team=team, columns=["answer", "round"])
    >>> answered[0]
    {'text': 'Where is my parcel?', 'answer': 'shipping', 'round': 1}
    """
    names = choices if choices is None or isinstance(choices, str) else ",".join(choices)
    kind = match
    if kind is None and choices is not None:
        kind = CHOICE
    system = _as_system(program, team, kind)
    is_file = isinstance(table, str | Path)
    if is_file and output is None:
        raise CopeError("a file needs output=, the file for the rows with their answers")
    options = TableOptions(
        None if output is None else Path(output),
        ColumnMapping(question=question, template=template, choices=names),
        tuple(columns),
        match=match,
        limit=limit,
        budget=budget,
        questions=in_flight,
        retry_errors=retry_errors,
        again=again,
    )
    job = TableJob(
        _as_table(table, split),
        system,
        options,
        kind or getattr(system, "answer_kind", "text"),
        {"models": models_of(system)},
        keep_answers=not is_file,
    )
    callbacks = TableCallbacks() if on_row is None else TableCallbacks(on_row=on_row)
    report = answer_table(job, callbacks)
    if is_file:
        return options.output
    if isinstance(table, Sequence):
        return _joined_records(table, report)
    return _joined_frame(table, report)


def _as_system(program: System | str | Path, team: Team | None, kind: str | None) -> System:
    """Return the system of a name, a file or an object, for a kind of answers."""
    if isinstance(program, str | Path):
        team = team or Team(cache=False)  # a cached reply has no tokens of its own
        if str(program).endswith(".json"):
            return _loaded(Cascade.from_file(program, team), kind)
        return Cascade(str(program), team, answer_kind=kind or "text")
    if team is not None:
        raise CopeError("the program has a team of its own: leave out team=")
    if kind is not None and isinstance(program, Cascade):
        return program.with_answer_kind(kind)
    return program


def _loaded(cascade: Cascade, kind: str | None) -> Cascade:
    """Return a saved program for a kind of answers; None is that of its signature, else `text`."""
    if kind is None and cascade.task_signature is not None:
        return cascade
    return cascade.with_answer_kind(kind or "text")


def _as_table(table: Any, split: str) -> Table:
    if isinstance(table, str) and is_hub_address(table):
        return hub_table(table, split)
    if isinstance(table, str | Path):
        return file_table(Path(table))
    if hasattr(table, "itertuples"):
        return frame_table(table)
    if isinstance(table, Sequence):
        return records_table(table)
    raise CopeError(
        f"the table is a {type(table).__name__}: give a DataFrame, a list of dicts or texts, or a "
        "file"
    )


def _joined_records(records: Sequence[Any], report: TableReport) -> list[dict[str, Any]]:
    joined = []
    for record, answered in zip(records, report.answers, strict=False):
        row = {TEXT_COLUMN: record} if isinstance(record, str) else dict(record)
        joined.append(row | added_cells(answered, report.names))
    return joined


def _joined_frame(frame: Any, report: TableReport) -> Any:
    joined = frame.head(report.rows).copy()
    for column, name in report.names.items():
        joined[name] = [getattr(answered, column) for answered in report.answers]
    return joined
