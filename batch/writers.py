"""Write a table row by row: CSV, TSV, JSON Lines, Parquet, or the answers as lines of text."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import CopeError
from ..util.text import one_line
from .tables import TEXT_SUFFIXES, Table, TableFacts

if TYPE_CHECKING:
    import pyarrow as pa

Cells = Mapping[str, Any]
_GROUP_ROWS = 1024


class RowWriter(Protocol):
    """Writes rows in order."""

    def write(self, row: Cells, added: Cells) -> None:
        """Write a row of the input with its added cells."""
        ...

    def close(self) -> None:
        """Finish the table."""
        ...


class TextWriter:
    """Writes each row with one system call, so that a kill tears no row."""

    def __init__(self, path: Path, to_text: Callable[[Cells, Cells], str], head: str = "") -> None:
        self._to_text = to_text
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from None
        self._put(head)

    def write(self, row: Cells, added: Cells) -> None:
        self._put(self._to_text(row, added))

    def _put(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            if data and self._file.write(data) != len(data):
                raise OSError(28, "no space left on device")
        except OSError as error:
            raise _cannot_write(self._path, error) from None

    def close(self) -> None:
        self._file.close()


class ParquetWriter:
    """Writes a Parquet file, which has its name when it is complete.

    Args:
        path: the file.
        schema: the types of all columns in order.
    """

    def __init__(self, path: Path, schema: "pa.Schema") -> None:
        import pyarrow.parquet as pq

        self._path, self._schema = path, schema
        self._partial = path.with_name(f"{path.name}.part")
        self._rows: list[dict[str, Any]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._partial, schema)
        except OSError as error:
            raise _cannot_write(path, error) from None

    def write(self, row: Cells, added: Cells) -> None:
        cells = dict(row) | dict(added)
        self._rows.append({name: cells.get(name) for name in self._schema.names})
        if len(self._rows) == _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        try:
            self._writer.write_table(arrow_table(rows, self._schema))
        except OSError as error:
            raise _cannot_write(self._path, error) from None

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()
        self._partial.replace(self._path)


def arrow_table(rows: list[dict[str, Any]], schema: "pa.Schema") -> "pa.Table":
    """Return rows as a table; what is no text becomes text in columns of text."""
    import pyarrow as pa

    texts = {field.name for field in schema if pa.types.is_string(field.type)}
    for row in rows:
        for name in texts:
            if row[name] is not None:
                row[name] = _text_cell(row[name])
    return pa.Table.from_pylist(rows, schema=schema)


def open_writer(
    path: Path, table: Table, facts: TableFacts, added: Mapping[str, type], answer: str
) -> RowWriter:
    """Open a file for the rows of a table with added columns; the suffix decides the format.

    Args:
        path: the file; what is in it is replaced.
        table: the input.
        facts: what a scan of the input found.
        added: the added columns with their types.
        answer: the added column of which lines of text consist.

    Raises:
        CopeError: if the suffix names no format, or the file cannot be written.
    """
    suffix = check_suffix(path)
    columns = [*facts.columns, *added]
    if suffix == ".parquet":
        return ParquetWriter(path, arrow_schema(table, facts, added))
    if suffix in TEXT_SUFFIXES:
        return TextWriter(path, lambda row, cells: one_line(cells.get(answer) or "") + "\n")
    if suffix in (".jsonl", ".ndjson"):
        return TextWriter(path, _json_line)
    delimiter = "\t" if suffix == ".tsv" else ","

    def line(row: Cells, cells: Cells) -> str:
        values = [cells[name] if name in cells else row.get(name) for name in columns]
        return _csv_line([_text_cell(value) for value in values], delimiter)

    return TextWriter(path, line, _csv_line(columns, delimiter))


def check_suffix(path: Path) -> str:
    """Return the suffix of an output.

    Raises:
        CopeError: if it names no format.
    """
    suffix = path.suffix.lower()
    formats = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", *TEXT_SUFFIXES)
    if suffix not in formats:
        raise CopeError(
            f"{path}: files ending in {suffix or 'nothing'} are not written: use "
            f"{', '.join(formats)}"
        )
    return suffix


def _json_line(row: Cells, added: Cells) -> str:
    cells = dict(row) | dict(added)
    return json.dumps(cells, ensure_ascii=False, default=str) + "\n"


def _csv_line(cells: Sequence[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _text_cell(value: Any) -> str:
    """Return a cell as text: an unknown value as nothing, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def arrow_schema(table: Table, facts: TableFacts, added: Mapping[str, type]) -> "pa.Schema":
    """Return the types of a table's columns and of the added ones."""
    import pyarrow as pa

    fields = []
    for name in facts.columns:
        if table.schema is not None:
            fields.append(table.schema.field(name))
        else:
            fields.append(pa.field(name, _arrow_type(facts.types[name])))
    for name, kind in added.items():
        fields.append(pa.field(name, _arrow_type({kind})))
    return pa.schema(fields)


def _arrow_type(types: set[type]) -> "pa.DataType":
    """Return the Arrow type that holds values of all types; text if no other one does."""
    import pyarrow as pa

    if types == {bool}:
        return pa.bool_()
    if types == {int}:
        return pa.int64()
    if types and types <= {int, float}:
        return pa.float64()
    return pa.string()


def _cannot_write(path: Path, error: OSError) -> CopeError:
    return CopeError(
        f"cannot write {path}: {error.strerror or error}; name another file with -o, or make room "
        "and run the same command again, which resumes the run"
    )
