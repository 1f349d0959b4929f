"""Load the questions of a task from the Hugging Face hub or a local file.

Every row is checked before a model is called.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import CopeError
from ...util.table_files import NumberedRow, Row, header_of, read_rows
from ...util.text import shorten
from .code_rows import BadRow
from .columns import ColumnMapping, require_column
from .hub import is_hub_address, open_hub, parse_hub_address, split_names

Fields = tuple[tuple[str, ...], ...]
"""The fields that a row must have; each entry lists the possible names of a field."""

_LONGEST_FIELD = 80  # characters; longer texts are content and no label

QUESTION_AND_ANSWER: Fields = (("question",), ("answer",))


def load_from_hub(task: str, name: str, config: str | None, split: str) -> list[Row]:
    """Return all rows of a split of a data set on the hub, see `open_hub`."""
    return list(open_hub(task, name, config, split))


def load_rows(
    data: str,
    split: str,
    fields: Fields = QUESTION_AND_ANSWER,
    check: Callable[[Row], str | None] | None = None,
    columns: ColumnMapping | None = None,
    letters: bool = True,
) -> list[Row]:
    """Return the rows of a split of the user's table.

    Args:
        data: a file, or `hub:OWNER/NAME[:config]`.
        split: the split; a file without a field `split` is one split.
        fields: see `load_from_file`.
        check: see `load_from_file`.
        columns: the columns of the table; None takes them by their names.
        letters: whether the answer to a question with choices is a letter.

    Raises:
        CopeError: see `load_from_file`, `load_from_hub` and `ColumnMapping`.
    """
    if not is_hub_address(data):
        rows = load_from_file(data, fields, check, columns, letters)
        return filter_split(rows, split, data)
    name, config = parse_hub_address(data)
    found = load_from_hub(data, name, config, split)
    numbered = list(enumerate(found, 1))
    return _checked_rows(data, "row", numbered, fields, check, columns, letters)


def load_from_file(
    path: str,
    fields: Fields = QUESTION_AND_ANSWER,
    check: Callable[[Row], str | None] | None = None,
    columns: ColumnMapping | None = None,
    letters: bool = True,
) -> list[Row]:
    """Return the rows of a JSONL, JSON, CSV, TSV or Parquet file.

    Args:
        path: the file.
        fields: the fields that every row must have.
        check: returns why a row that has these fields cannot be used; None if it can.
        columns: the columns of the file; None takes them by their names.
        letters: whether the answer to a question with choices is a letter.

    Raises:
        CopeError: with file and line, if the file cannot be read or a row cannot be used.
    """
    file = Path(path)
    if not file.is_file():
        raise CopeError(
            f"there is no file {path}: give a JSONL, CSV or Parquet file with question and answer"
        )
    rows = read_rows(file)
    if not rows:
        raise CopeError(f"{path} has no rows")
    return _checked_rows(path, "line", rows, fields, check, columns, letters)


def _checked_rows(
    source: str,
    unit: str,
    rows: list[NumberedRow],
    fields: Fields,
    check: Callable[[Row], str | None] | None,
    columns: ColumnMapping | None,
    letters: bool,
) -> list[Row]:
    """Return mapped rows that can all be used, see `load_from_file`."""
    remedy = "correct it or remove the row" if check or columns else "add it or remove the row"
    if columns is not None:
        rows = list(_mapped_rows(source, unit, rows, columns, letters))
    for number, row in rows:
        error = missing_field(row, fields) or not_text(row, fields)
        if error is None and check is not None:
            error = check(row)
        if error:
            raise CopeError(f"{source} {unit} {number}: {error}: {remedy}")
    _check_unique_ids(source, unit, rows)
    return [row for _, row in rows]


def _mapped_rows(
    source: str, unit: str, rows: list[NumberedRow], columns: ColumnMapping, letters: bool
) -> Iterator[NumberedRow]:
    available = columns_of_rows([] if is_hub_address(source) else header_of(Path(source)), rows)
    mapper = columns.bind(available, source, letters)
    for number, row in rows:
        try:
            yield number, mapper(row)
        except BadRow as error:
            raise CopeError(
                f"{source} {unit} {number}: {error}: correct it or remove the row"
            ) from None


def read_column(data: str, split: str, column: str) -> list[str]:
    """Return the values of a column of the user's table that every row must have.

    Raises:
        CopeError: if there is no such column, or a row has no value.
    """
    rows = load_rows(data, split, ())
    require_column(column, columns_of_rows((), list(enumerate(rows))), data)
    for number, row in enumerate(rows, 1):
        if row.get(column) is None:
            raise CopeError(f"{data} row {number} has no {column!r}")
    return [str(row[column]) for row in rows]


def columns_of_rows(header: Sequence[str], rows: Sequence[NumberedRow]) -> list[str]:
    """Return the columns of a table in order: those of its header, then those of its rows."""
    names = dict.fromkeys(header)
    for _, row in rows:
        names.update(dict.fromkeys(row))
    return list(names)


def _check_unique_ids(source: str, unit: str, rows: list[NumberedRow]) -> None:
    """Raise `CopeError` if two rows have the same `id`."""
    first_lines: dict[str, int] = {}
    for line, row in rows:
        if row.get("id") is None:
            continue
        first = first_lines.setdefault(str(row["id"]), line)
        if first != line:
            raise CopeError(
                f"{source} {unit} {line}: id {row['id']!r} is in {unit} {first} already"
            )


def list_splits(path: str) -> list[str]:
    """Return the splits of a user's table in order of appearance; empty without a field `split`.

    Args:
        path: a file, or `hub:OWNER/NAME[:config]`.

    Raises:
        CopeError: if the table cannot be read.
    """
    if is_hub_address(path):
        return split_names(path, *parse_hub_address(path))
    splits: dict[str, None] = {}
    for row in load_from_file(path, ()):
        if row.get("split") is not None:
            splits[str(row["split"])] = None
    return list(splits)


def filter_split(rows: list[Row], split: str, path: str) -> list[Row]:
    """Return the rows of a split; all rows if none has a field `split`.

    Args:
        rows: the rows of a local file.
        split: the split.
        path: the file, for messages.

    Raises:
        CopeError: if no row is of this split.
    """
    splits = Counter(str(row.get("split")) for row in rows)
    if splits.keys() <= {"None"}:
        return rows
    if split not in splits:
        available = ", ".join(f"{name} ({count})" for name, count in splits.items())
        raise CopeError(f"{path} has no rows of split {split!r}: there are {available}")
    return [row for row in rows if str(row.get("split")) == split]


def missing_field(row: Row, fields: Fields) -> str | None:
    """Return a message about the first field that a row lacks; None if it has all."""
    for names in fields:
        if not any(row.get(name) is not None and str(row[name]).strip() for name in names):
            present = ", ".join(shorten(str(name), 30) for name in row) or "none"
            return f"the row has no {' or '.join(names)} (its fields: {shorten(present, 200)})"
    return None


def not_text(row: Row, fields: Fields) -> str | None:
    """Return a message about a question or answer that is a list or an object; None without one."""
    for names in fields:
        for name in names:
            value = row.get(name)
            if name in ("question", "answer") and isinstance(value, list | dict):
                kind = "a list" if isinstance(value, list) else "an object"
                return f"its {name} is {kind} and must be text"
    return None


def short_fields(row: Row) -> dict[str, str]:
    """Return the short texts and numbers of a row by field, to break results down by.

    >>> short_fields({"question": "What is 6 times 7?", "answer": "42", "level": 1, "tags": []})
    {'level': '1'}
    """
    fields = {}
    for name, value in row.items():
        if name in ("question", "problem", "input", "answer", "id", "split"):
            continue
        if isinstance(value, str | int | float) and 0 < len(str(value)) <= _LONGEST_FIELD:
            fields[name] = str(value)
    return fields
