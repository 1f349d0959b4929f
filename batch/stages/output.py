"""The output of a batch: the rows of the table with their answers, one Parquet file for a shard."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pyarrow.parquet as pq

from ...models import Usage
from ...models.prices import Price
from ...models.usage_row import UsageRow
from ...programs import System
from ...programs.one_round import answer_of_rounds
from ...util.storage import Storage
from ..answer_columns import ADDED_COLUMNS, AnsweredRow, added_cells
from ..answering import with_choice
from ..job import TableJob
from ..tables import TableFacts
from ..totals import Totals
from ..writers import arrow_schema, arrow_table
from .rows import FAILED, REFUSED
from .state import PART, BatchState, RowState


@dataclass(frozen=True)
class OutputResult:
    """What was written.

    Attributes:
        files: the number of files.
        open: rows that a later stage would ask.
        totals: sums over all other rows.
    """

    files: int
    open: int
    totals: Totals


def part_name(shard: int) -> str:
    """Return the name of the file of a shard."""
    return f"{PART}{shard:05}.parquet"


def write_output(
    job: TableJob,
    facts: TableFacts,
    state: BatchState,
    names: Mapping[str, str],
    shard_rows: int,
    prices: Mapping[str, Price],
) -> OutputResult:
    """Write the rows of the table with what the stages left of them.

    Args:
        job: the table.
        facts: what a scan of the table found.
        state: the state of the batch.
        names: the name in the output of each added column.
        shard_rows: the number of rows of a shard.
        prices: the user's prices by tier, by which all answers are priced.
    """
    added = {name: ADDED_COLUMNS[column] for column, name in names.items()}
    schema = arrow_schema(job.table, facts, added)
    row_inputs = job.row_inputs(facts)
    rows = islice(job.table.read(), job.options.limit)
    totals, count_open = Totals(), 0
    for shard in range(state.shards):
        states = state.rows(shard)
        cells = []
        for number, row in enumerate(islice(rows, shard_rows), shard * shard_rows + 1):
            answered = answered_row(job.system, number, states.get(number)).priced(prices)
            if _is_asked_later(states.get(number)):
                count_open += 1
            else:
                answered = with_choice(answered, row_inputs.choices_of(row))
                totals.add(answered)
            whole = dict(row) | added_cells(answered, names)
            cells.append({name: whole.get(name) for name in schema.names})
        _write(state.output, part_name(shard), arrow_table(cells, schema))
    for name in state.output.names():
        number = name.removeprefix(PART).removesuffix(".parquet")
        if number.isdecimal() and name == part_name(int(number)) and int(number) >= state.shards:
            state.output.remove(name)  # of a batch of more rows
    return OutputResult(state.shards, count_open, totals)


def _write(output: Storage, name: str, table: "object") -> None:
    out = io.BytesIO()
    pq.write_table(table, out)
    output.write(name, out.getvalue())


def _is_asked_later(state: RowState | None) -> bool:
    return state is not None and state.is_open


def answered_row(system: System, number: int, state: RowState | None) -> AnsweredRow:
    """Return the answer to a row, or why it has none.

    Args:
        system: the program.
        number: the number of the row, from 1.
        state: what the stages left of the row; None for a row that was refused.
    """
    outcomes = [] if state is None else state.outcomes
    records = [one.record for one in outcomes if one.record is not None]
    usage: list[UsageRow] = []
    for outcome in outcomes:
        usage += outcome.usage
    usage.sort(key=lambda row: (row["tier"], row["round"], row["role"]))  # as a meter does
    seconds = sum(outcome.seconds for outcome in outcomes)
    last = outcomes[-1] if outcomes else None
    if last is not None and last.state == REFUSED:
        return AnsweredRow(number, error=last.error)
    if last is not None and last.state == FAILED:
        error = last.error or "a model failed"
        return AnsweredRow(number, error=error, failed=True, tokens=None, usd=None, usage=usage)
    total = Usage.from_rows(usage)
    if last is None or _is_asked_later(state) or not records:
        stage = len(outcomes) + 1
        return AnsweredRow(
            number,
            calls=total.calls,
            tokens=total.tokens,
            usd=total.cost.high,
            seconds=round(seconds, 3),
            error=f"not asked in stage {stage}: the batch stopped before, and the same command "
            "continues it",
            usage=usage,
        )
    answered = answer_of_rounds(records, usage, total.cost.exact, seconds)
    return AnsweredRow.of_answer(number, system, answered)


def open_rows(states: Mapping[int, RowState]) -> Iterator[RowState]:
    """Yield the rows that a later stage asks."""
    for state in states.values():
        if state.is_open:
            yield state
