"""Load the questions of a task from the Hugging Face hub or a local file.

Every row is checked before a model is called.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ...errors import CopeError, first_line
from ...util.text import shorten
from .table_files import NumberedRow, Row, read_rows

Fields = tuple[tuple[str, ...], ...]
"""The fields that a row must have; each entry lists the possible names of a field."""

QUESTION_AND_ANSWER: Fields = (("question",), ("answer",))


def load_from_hub(task: str, name: str, config: str | None, split: str) -> list[Row]:
    """Return all rows of a split of a data set on the hub. `datasets` caches them.

    Args:
        task: the name of the task, for messages.
        name: the name of the data set.
        config: its configuration; None for the default one.
        split: the split.

    Raises:
        CopeError: if the data set cannot be downloaded and is not cached, or has no such split.
    """
    import datasets
    from huggingface_hub.utils import logging as hub_log

    datasets.disable_progress_bars()
    hub_log.set_verbosity_error()  # only the error after all retries is reported
    try:
        rows = datasets.load_dataset(name, config, split=split)
    except ValueError as error:
        raise CopeError(f"{name} has no split {split!r}: {first_line(error)}") from None
    except Exception as error:  # the file systems and clients that it uses raise many kinds
        raise CopeError(
            f"cannot load {task} ({name}) from the hub: {first_line(error)}; go online, or give "
            "a local copy with --data FILE"
        ) from error
    return list(rows)  # type: ignore[arg-type]


def load_from_file(
    path: str,
    fields: Fields = QUESTION_AND_ANSWER,
    check: Callable[[Row], str | None] | None = None,
) -> list[Row]:
    """Return the rows of a JSONL, JSON, CSV, TSV or Parquet file.

    Args:
        path: the file.
        fields: the fields that every row must have.
        check: returns why a row that has these fields cannot be used; None if it can.

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
    remedy = "correct it or remove the row" if check else "add it or remove the row"
    for line, row in rows:
        error = missing_field(row, fields) or not_text(row, fields)
        if error is None and check is not None:
            error = check(row)
        if error:
            raise CopeError(f"{path} line {line}: {error}: {remedy}")
    _check_unique_ids(path, rows)
    return [row for _, row in rows]


def _check_unique_ids(path: str, rows: list[NumberedRow]) -> None:
    """Raise `CopeError` if two rows have the same `id`."""
    first_lines: dict[str, int] = {}
    for line, row in rows:
        if row.get("id") is None:
            continue
        first = first_lines.setdefault(str(row["id"]), line)
        if first != line:
            raise CopeError(f"{path} line {line}: id {row['id']!r} is in line {first} already")


def list_splits(path: str) -> list[str]:
    """Return the splits of a local file in order of appearance; empty without a field `split`.

    Raises:
        CopeError: if the file cannot be read.
    """
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
