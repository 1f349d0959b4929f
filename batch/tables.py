"""Tables of questions, read one row at a time: files, lines of text, data sets, objects."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import CopeError, first_line
from ..eval.tasks.hub import open_hub, parse_hub_address
from ..util.table_files import Row, header_of, iter_rows, open_text, parquet_schema

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_SUFFIXES = (".txt", ".text")
TEXT_COLUMN = "question"
"""The column of a table that is lines of text."""


@dataclass(frozen=True)
class Table:
    """Rows that can be read again and again.

    Attributes:
        name: the name for messages and settings.
        read: returns the rows in order.
        header: the columns that are known without reading the rows.
        schema: the types of the columns; None if they follow from the rows.
        path: the file that is read; None without a file.
    """

    name: str
    read: Callable[[], Iterator[Row]]
    header: Sequence[str] = ()
    schema: "pa.Schema | None" = None
    path: Path | None = None


@dataclass
class TableFacts:
    """What one pass over a table finds.

    Attributes:
        rows: the number of rows.
        columns: all columns in order.
        digest: a digest of all rows.
        types: the types of the values in each column.
    """

    rows: int = 0
    columns: list[str] = field(default_factory=list)
    digest: str = ""
    types: dict[str, set[type]] = field(default_factory=dict)


def scan(table: Table) -> TableFacts:
    """Read a table once, so that a damaged row is found before a model is called.

    Raises:
        CopeError: if the table cannot be read, or has no rows.
    """
    facts = TableFacts(types={name: set() for name in table.header})
    hashed = hashlib.sha256()
    for row in table.read():
        facts.rows += 1
        hashed.update(json.dumps(row, default=str).encode() + b"\n")
        for name, value in row.items():
            types = facts.types.setdefault(str(name), set())
            if value is not None:
                types.add(_kind_of(value))
    if not facts.rows:
        raise CopeError(f"{table.name} has no rows")
    facts.columns = list(facts.types)
    facts.digest = hashed.hexdigest()[:16]
    return facts


def _kind_of(value: Any) -> type:
    """Return the type of a cell; text for an integer that no column of integers can hold."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str
    return type(value)


def file_table(path: Path, name: str | None = None) -> Table:
    """Return the table in a file: CSV, TSV, JSONL, JSON, Parquet, or lines of text.

    Args:
        path: the file; its suffix decides the format.
        name: the name for messages; None for the file's.

    Raises:
        CopeError: if there is no such file, or it has no format that is read.
    """
    if not path.is_file():
        raise CopeError(f"there is no file {path}: give a CSV, TSV, JSONL, Parquet or text file")
    name = name or path.name
    if path.suffix.lower() in TEXT_SUFFIXES:
        return Table(name, lambda: _text_lines(path), (TEXT_COLUMN,), path=path)
    return Table(
        name,
        lambda: (row for _, row in iter_rows(path)),
        header_of(path),
        parquet_schema(path),
        path,
    )


def _text_lines(path: Path) -> Iterator[Row]:
    try:
        with open_text(path, newline=None) as file:
            for line in file:
                if line.strip():
                    yield {TEXT_COLUMN: line.strip()}
    except (OSError, UnicodeDecodeError) as error:
        raise CopeError(f"cannot read {path} as text: {first_line(error)}") from None


def hub_table(address: str, split: str) -> Table:
    """Return a split of a data set on the hub.

    Args:
        address: `hub:OWNER/NAME[:config]`.
        split: the split.

    Raises:
        CopeError: if it cannot be loaded.
    """
    name, config = parse_hub_address(address)
    rows = open_hub(address, name, config, split)
    return Table(f"{address} {split}", lambda: iter(rows))


@contextmanager
def stream_table(stream: BinaryIO, suffix: str = ".txt") -> Iterator[Table]:
    """Yield the table of a stream such as standard input, which is copied to a temporary file.

    Args:
        stream: the stream; it is read to its end.
        suffix: the suffix of a file with the same format.
    """
    with tempfile.TemporaryDirectory(prefix="cope-run-") as folder:
        path = Path(folder) / f"input{suffix}"
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        yield file_table(path, "standard input")


def records_table(records: Sequence[Mapping[str, Any] | str]) -> Table:
    """Return the table of objects, or of texts that are questions.

    Raises:
        CopeError: for a record that is neither.
    """
    for number, record in enumerate(records, 1):
        if not isinstance(record, Mapping | str):
            kind = type(record).__name__
            raise CopeError(f"row {number} of the table is a {kind}: give a dict or a text")
    return Table("the table", lambda: _record_rows(records))


def _record_rows(records: Iterable[Mapping[str, Any] | str]) -> Iterator[Row]:
    for record in records:
        if isinstance(record, str):
            yield {TEXT_COLUMN: record}
        else:
            cells = record.items()
            yield {str(name): plain(cell) for name, cell in cells if not _is_missing(cell)}


def frame_table(frame: Any) -> Table:
    """Return the table of a pandas DataFrame.

    Raises:
        CopeError: if two columns have the same name.
    """
    names = [str(name) for name in frame.columns]
    for name in names:
        if names.count(name) > 1:
            raise CopeError(f"two columns of the DataFrame are named {name!r}: rename one of them")

    def read() -> Iterator[Row]:
        for cells in frame.itertuples(index=False, name=None):
            cells_by_name = zip(names, cells, strict=True)
            yield {name: plain(cell) for name, cell in cells_by_name if not _is_missing(cell)}

    return Table("the DataFrame", read, names, _frame_schema(frame, names))


def _frame_schema(frame: Any, names: Sequence[str]) -> "pa.Schema | None":
    """Return the types of a DataFrame's columns; None if a column has values of several types."""
    import pyarrow as pa

    try:
        schema = pa.Schema.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError):
        return None
    fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
    return pa.schema(fields)


def plain(cell: Any) -> Any:
    """Return a NumPy scalar or array as plain Python data."""
    return cell.tolist() if hasattr(cell, "tolist") else cell


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    different = value != value  # NaN, NaT; an array gives an array
    return different is True or (type(different).__name__ in ("bool_", "bool") and bool(different))
