"""Read the rows of users' JSONL, JSON, CSV, TSV and Parquet files, with their line numbers."""

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..errors import CopeError, first_line
from .json_text import parse_json, replace_surrogates

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Row = dict[str, Any]
NumberedRow = tuple[int, Row]

_MAX_FIELD_CHARS = 2**31 - 1
_DELIMITERS = ",;\t"
_BATCH_ROWS = 1024


def read_rows(path: Path) -> list[NumberedRow]:
    """Return the rows of a file with their line numbers, see `iter_rows`."""
    return list(iter_rows(path))


def iter_rows(path: Path) -> Iterator[NumberedRow]:
    """Yield the rows of a file with their line numbers (Parquet: row numbers).

    The suffix of the file decides its format. Cells of CSV and TSV are text, so that an answer such
    as 007 or NA stays as it is written. Empty cells and nulls are omitted from the row. Only a JSON
    array is read into memory as a whole.

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
        yield from reader(path)
    except OSError as error:
        raise CopeError(f"cannot read {path}: {first_line(error)}") from None
    except UnicodeDecodeError:
        raise CopeError(
            f"{path} line {_undecodable_line(path)} is not UTF-8: save the file as UTF-8, for "
            f"example with iconv -f latin1 -t utf-8 {path.name} > utf8{path.suffix}"
        ) from None


def header_of(path: Path) -> list[str]:
    """Return the columns that a file names apart from its rows; empty for JSON.

    Raises:
        CopeError: if the file cannot be read.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in (".csv", ".tsv"):
            return next(_read_cells(path), (1, []))[1]
        if suffix == ".parquet":
            return [str(name) for name in _parquet_file(path).schema_arrow.names]
    except OSError as error:
        raise CopeError(f"cannot read {path}: {first_line(error)}") from None
    except UnicodeDecodeError:
        return []  # the rows name the line
    return []


def parquet_schema(path: Path) -> "pa.Schema | None":
    """Return the types of a Parquet file's columns; None for other files."""
    if path.suffix.lower() != ".parquet":
        return None
    with _parquet_file(path) as file:
        return file.schema_arrow


def open_text(path: Path, newline: str | None = "") -> TextIO:
    """Open a text file, which is UTF-8 unless its first bytes say UTF-16."""
    with path.open("rb") as file:
        start = file.read(2)
    is_utf16 = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return path.open(encoding="utf-16" if is_utf16 else "utf-8-sig", newline=newline)


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _read_json_lines(path: Path) -> Iterator[NumberedRow]:
    is_first = True
    with open_text(path, newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            if is_first and line.lstrip().startswith("["):
                yield from _read_json_array(path, line + file.read())
                return
            is_first = False
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
    cells = _read_cells(path)
    _, header = next(cells, (1, []))
    for line, row in cells:
        yield line, _csv_row(path, line, header, row)


def _read_cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the header of a CSV or TSV file, and the cells of each row that is not blank."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(path)
    csv.field_size_limit(_MAX_FIELD_CHARS)
    with open_text(path) as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        is_header = True
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield line, _header(path, cells) if is_header else cells
                    is_header = False
                line = reader.line_num + 1
        except csv.Error as error:
            raise CopeError(f"{path} line {reader.line_num}: {error}") from None


def _delimiter(path: Path) -> str:
    """Return the delimiter that gives the first line the most columns; a comma is the default."""
    with open_text(path, newline=None) as file:
        first = next((line for line in file if line.strip()), "").rstrip("\n")
    return max(
        _DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter)))
    )


def _header(path: Path, cells: list[str]) -> list[str]:
    names = []
    for place, cell in enumerate(cells):
        names.append(cell.strip() or f"Unnamed: {place}")  # as pandas calls it
    for name in names:
        if names.count(name) > 1:
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
        if cell != "":
            row[name] = cell
    return row


def _parquet_file(path: Path) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, ValueError) as error:
        raise CopeError(f"cannot read {path}: {first_line(error)}") from None


def _read_parquet(path: Path) -> Iterator[NumberedRow]:
    import pyarrow as pa

    number = 0
    with _parquet_file(path) as file:
        try:
            for batch in file.iter_batches(_BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield number, _parquet_row(row)
        except (pa.ArrowException, ValueError) as error:
            raise CopeError(f"cannot read {path}: {first_line(error)}") from None


def _parquet_row(row: Mapping[Any, Any]) -> Row:
    clean: Row = {}
    for name, value in row.items():
        if value is None or value != value:  # NaN
            continue
        clean[str(name)] = replace_surrogates(value) if isinstance(value, str) else value
    return clean


_READERS: dict[str, Callable[[Path], Iterator[NumberedRow]]] = {
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_lines,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
}
