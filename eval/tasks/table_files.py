"""Read the rows of users' JSONL, JSON, CSV, TSV and Parquet files, with their line numbers."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...errors import CopeError, first_line
from ...util.json_text import parse_json, replace_surrogates

Row = dict[str, Any]
NumberedRow = tuple[int, Row]

_MAX_FIELD_CHARS = 2**31 - 1
_DELIMITERS = ",;\t"


def read_rows(path: Path) -> list[NumberedRow]:
    """Return the rows of a file with their line numbers (Parquet: row numbers).

    The suffix of the file decides its format. Cells of CSV and TSV are text, so that an answer such
    as 007 or NA stays as it is written. Empty cells and nulls are omitted from the row.

    Raises:
        CopeError: for an unknown suffix, a file that cannot be read, or a damaged row, with its
            line.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise CopeError(
            f"{path}: files ending in {path.suffix or 'nothing'} are not read: use "
            f"{', '.join(_READERS)}"
        )
    try:
        return list(reader(path))
    except OSError as error:
        raise CopeError(f"cannot read {path}: {first_line(error)}") from None


def _read_text(path: Path) -> str:
    data = path.read_bytes()
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CopeError(
            f"{path} line {line} is not UTF-8: save the file as UTF-8, for example with "
            f"iconv -f latin1 -t utf-8 {path.name} > utf8{path.suffix}"
        ) from None


def _read_json_lines(path: Path) -> Iterator[NumberedRow]:
    text = _read_text(path)
    if text.lstrip().startswith("["):
        yield from _read_json_array(path, text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = parse_json(line)
            except ValueError as error:
                raise CopeError(f"{path} line {number}: not JSON ({first_line(error)})") from None
            yield number, _json_row(path, number, row)


def _read_json_array(path: Path, text: str) -> Iterator[NumberedRow]:
    try:
        rows = parse_json(text)
    except ValueError as error:
        raise CopeError(f"{path}: not JSON ({first_line(error)})") from None
    for number, row in enumerate(rows, 1):
        yield number, _json_row(path, number, row)


def _json_row(path: Path, number: int, row: object) -> Row:
    if not isinstance(row, dict):
        raise CopeError(
            f"{path} line {number}: a row must be a JSON object with question and answer"
        )
    return row


def _read_csv(path: Path) -> Iterator[NumberedRow]:
    text = _read_text(path)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    csv.field_size_limit(_MAX_FIELD_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if not header:
                    header = _header(path, cells)
                else:
                    yield line, _csv_row(path, line, header, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CopeError(f"{path} line {reader.line_num}: {error}") from None


def _delimiter(text: str) -> str:
    """Return the delimiter that gives the first line the most columns; a comma is the default."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(
        _DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter)))
    )


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        if name and names.count(name) > 1:
            raise CopeError(f"{path} has two columns named {name!r}: rename one of them")
    return names


def _csv_row(path: Path, line: int, header: list[str], cells: list[str]) -> Row:
    surplus = [cell for cell in cells[len(header) :] if cell.strip()]
    if surplus:
        raise CopeError(
            f"{path} line {line} has {len(cells)} fields and the header {len(header)}: quote a "
            "field that holds the delimiter"
        )
    row: Row = {}
    for name, cell in zip(header, cells, strict=False):
        if name and cell != "":
            row[name] = cell
    return row


def _read_parquet(path: Path) -> Iterator[NumberedRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowException, ValueError) as error:
        raise CopeError(f"cannot read {path}: {first_line(error)}") from None
    for number, row in enumerate(rows, 1):
        clean: Row = {}
        for name, value in row.items():
            if value is None or value != value:  # NaN
                continue
            clean[str(name)] = replace_surrogates(value) if isinstance(value, str) else value
        yield number, clean


_READERS: dict[str, Callable[[Path], Iterator[NumberedRow]]] = {
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_lines,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
}
