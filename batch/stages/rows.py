"""What is asked in a stage, and what comes back, row by row; both are rows of Parquet files."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import CopeError, first_line
from ...models.usage_row import UsageRow
from ...programs.progress import Progress
from ...programs.round_record import RoundRecord

ANSWERED = "answered"
OPEN = "open"
FAILED = "failed"
REFUSED = "refused"
STATES = (ANSWERED, OPEN, FAILED, REFUSED)
"""What a stage leaves a row in: with an answer, for the next stage, with an error of a model that
another attempt may not have, or with an error of its own."""


@dataclass(frozen=True)
class RowRequest:
    """A row that is asked in a stage.

    Attributes:
        row: the number of the row in its table, from 1.
        inputs: the inputs of the program by name.
        plans: the plans that earlier rounds forwarded, by round.
        attempts: what the samples of the round before said.
    """

    row: int
    inputs: dict[str, Any]
    plans: dict[int, str] = field(default_factory=dict)
    attempts: str = ""

    @property
    def progress(self) -> Progress:
        """What earlier rounds left for this one."""
        return Progress(dict(self.plans), self.attempts)


@dataclass(frozen=True)
class ShardRequest:
    """The open rows of a shard in a stage.

    Attributes:
        stage: the stage, from 1.
        shard: the shard, from 0.
        rows: the rows that are asked, in order.
    """

    stage: int
    shard: int
    rows: list[RowRequest]


@dataclass(frozen=True)
class RowOutcome:
    """What a stage left of a row.

    Attributes:
        row: the number of the row in its table, from 1.
        state: one of `STATES`.
        error: why the row has no answer, as one line; None if it has one or is open.
        record: the round, as plain data; None if none was asked.
        plan: the plan that the round forwards; None without one.
        attempts: what the samples of the round said.
        usage: the usage by tier and role.
        seconds: wall time.
        shared: calls of the usage that another row, or another run, has paid for.
        shared_usd: what they cost, as far as it is known.
    """

    row: int
    state: str
    error: str | None = None
    record: RoundRecord | None = None
    plan: str | None = None
    attempts: str = ""
    usage: list[UsageRow] = field(default_factory=list)
    seconds: float = 0.0
    shared: int = 0
    shared_usd: float = 0.0


@dataclass(frozen=True)
class ShardResponse:
    """The outcomes of a shard's rows; a row that the budget did not allow has none.

    Attributes:
        stage: the stage, from 1.
        shard: the shard, from 0.
        outcomes: what the stage left of its rows, in any order.
    """

    stage: int
    shard: int
    outcomes: list[RowOutcome]


_TEXT = pa.string()
OUTCOME_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("state", _TEXT),
        ("error", _TEXT),
        ("record", _TEXT),
        ("plan", _TEXT),
        ("attempts", _TEXT),
        ("usage", _TEXT),
        ("seconds", pa.float64()),
        ("shared", pa.int64()),
        ("shared_usd", pa.float64()),
    ]
)
"""The columns of outcomes; nested data are JSON."""

_REQUESTS = pa.schema(
    [("row", pa.int64()), ("inputs", _TEXT), ("plans", _TEXT), ("attempts", _TEXT)]
)
_JSON = frozenset(("record", "usage", "inputs", "plans"))
_NAMES = {kind: tuple(one.name for one in fields(kind)) for kind in (RowRequest, RowOutcome)}


def pack_outcomes(outcomes: Iterable[RowOutcome]) -> bytes:
    """Return outcomes as a Parquet file, in the order of the rows."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.row)
    return _pack([as_cells(outcome) for outcome in ordered], OUTCOME_SCHEMA)


def unpack_outcomes(data: bytes, address: str) -> list[RowOutcome]:
    """Return the outcomes in a Parquet file.

    Raises:
        CopeError: when it holds none.
    """
    found = []
    for cells in _unpack(data, address, OUTCOME_SCHEMA):
        outcome = outcome_of_cells(cells)
        if outcome.state not in STATES:
            raise _damaged(address, f"a row is {outcome.state!r}")
        found.append(outcome)
    return found


def unpack_columns(data: bytes, address: str, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield some columns of a file of requests or outcomes, row by row, without their JSON.

    Raises:
        CopeError: when it holds none.
    """
    schema = pa.schema([OUTCOME_SCHEMA.field(name) for name in names])
    for cells in _unpack(data, address, schema):
        yield tuple(cells[name] for name in names)


def pack_requests(requests: Iterable[RowRequest]) -> bytes:
    """Return requests as a Parquet file."""
    return _pack([as_cells(request) for request in requests], _REQUESTS)


def unpack_requests(data: bytes, address: str) -> list[RowRequest]:
    """Return the requests in a Parquet file.

    Raises:
        CopeError: when it holds none.
    """
    return [request_of_cells(cells) for cells in _unpack(data, address, _REQUESTS)]


def request_of_cells(cells: dict[str, Any]) -> RowRequest:
    """Return the request in a row of a table, see `as_cells`."""
    plain = _from_cells(cells, RowRequest)
    plain["plans"] = {int(number): plan for number, plan in plain["plans"].items()}
    return RowRequest(**plain)


def outcome_of_cells(cells: dict[str, Any]) -> RowOutcome:
    """Return the outcome in a row of a table, see `as_cells`."""
    return RowOutcome(**_from_cells(cells, RowOutcome))


def as_cells(row: RowRequest | RowOutcome) -> dict[str, Any]:
    """Return a request or an outcome as a row of a table: nested data as JSON."""
    cells = dict(vars(row))
    for name in _JSON.intersection(cells):
        value = cells[name]
        cells[name] = None if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return cells


def _from_cells(cells: dict[str, Any], kind: type) -> dict[str, Any]:
    plain = {}
    for name in _NAMES[kind]:
        value = cells[name]
        if name in _JSON and value is not None:
            value = json.loads(value)
        plain[name] = value
    return plain


def _pack(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out, compression="zstd")
    return out.getvalue()


def _unpack(data: bytes, address: str, schema: pa.Schema) -> list[dict[str, Any]]:
    try:
        # Not pq.read_table, which takes three times as long for a small table.
        file = pq.ParquetFile(pa.BufferReader(data))
        table = file.read(columns=schema.names, use_threads=False)
        return table.cast(schema).to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(address, first_line(error)) from None


def _damaged(address: str, why: str) -> CopeError:
    return CopeError(
        f"{address} is damaged ({why}): remove it, and run the same command again, which asks its "
        "rows again"
    )
