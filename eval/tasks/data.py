"""Where questions come from: the hub's own sets, or a local file; every row is checked before a model is asked."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import CopeError, first_line
from ...util.text import shorten
from .table_files import read_rows

Row = dict[str, Any]
Fields = tuple[tuple[str, ...], ...]

QUESTION_AND_ANSWER: Fields = (("question",), ("answer",))


def load_from_hub(task: str, name: str, config: str | None, split: str) -> list[dict[str, Any]]:
    """All rows of a split of a data set on the hub, by `datasets`, which keeps them in its cache.

    Raises:
        CopeError: when the hub cannot be reached and the cache does not have it, or the split is not there.
    """
    import datasets
    from huggingface_hub.utils import logging as hub_log

    datasets.disable_progress_bars()
    hub_log.set_verbosity_error()  # its retries end in the one error that is reported
    try:
        rows = datasets.load_dataset(name, config, split=split)
    except ValueError as error:
        raise CopeError(f"{name} has no split {split!r}: {first_line(error)}") from None
    except (
        Exception
    ) as error:  # the library lets through what its many file systems and clients raise
        raise CopeError(
            f"cannot load {task} ({name}) from the hub: {first_line(error)}; go online, or give a local copy with --data FILE"
        ) from error
    return list(rows)  # type: ignore[arg-type]


def load_from_file(
    path: str,
    fields: Fields = QUESTION_AND_ANSWER,
    check: Callable[[Row], str | None] | None = None,
) -> list[Row]:
    """The rows of a JSONL, CSV or Parquet file; every row has `question` and `answer`, or what is asked for instead.

    Args:
        path: the file.
        fields: what a row must have; each entry lists the names that a field may go by.
        check: looks at a row that has its fields and says what is wrong with it, in a few words; None when nothing is.

    Raises:
        CopeError: with file and line, when the file cannot be read or a row is not complete.
    """
    file = Path(path)
    if not file.is_file():
        raise CopeError(
            f"there is no file {path}: give a JSONL, CSV or Parquet file with question and answer"
        )
    rows = read_rows(file)
    if not rows:
        raise CopeError(f"{path} has no rows")
    seen: dict[str, int] = {}
    remedy = "mend it or take the row out" if check else "add it or take the row out"
    for line, row in rows:
        wrong = missing_field(row, fields) or not_text(row, fields)
        if wrong is None and check is not None:
            wrong = check(row)
        if wrong:
            raise CopeError(f"{path} line {line}: {wrong}: {remedy}")
        if row.get("id") is not None and seen.setdefault(str(row["id"]), line) != line:
            raise CopeError(
                f"{path} line {line}: id {row['id']!r} stands in line {seen[str(row['id'])]} already"
            )
    return [row for _, row in rows]


def list_splits(path: str) -> list[str]:
    """The splits that a local file's rows name in a field `split`, in order of appearance; none where they name none.

    Raises:
        CopeError: when the file cannot be read.
    """
    return list(
        dict.fromkeys(
            str(row["split"]) for row in load_from_file(path, ()) if row.get("split") is not None
        )
    )


def filter_split(rows: list[Row], split: str, path: str) -> list[Row]:
    """The rows of a split, where a local file's rows name theirs in a field `split`; else all.

    Raises:
        CopeError: when no row is of this split, with those that there are.
    """
    splits = Counter(str(row.get("split")) for row in rows)
    if splits.keys() <= {"None"}:
        return rows
    if split not in splits:
        there = ", ".join(f"{name} ({count})" for name, count in splits.items())
        raise CopeError(f"{path} has no rows of split {split!r}: there are {there}")
    return [row for row in rows if str(row.get("split")) == split]


def missing_field(row: Row, fields: Fields) -> str | None:
    """Describe the first field that a row lacks, with the fields that it has; None without any."""
    for names in fields:
        if not any(row.get(name) is not None and str(row[name]).strip() for name in names):
            present = ", ".join(shorten(str(name), 30) for name in row) or "none"
            return f"the row has no {' or '.join(names)} (its fields: {shorten(present, 200)})"
    return None


def not_text(row: Row, fields: Fields) -> str | None:
    """Describe a question or answer that is a list or an object; None when both are plain values."""
    for names in fields:
        for name in names:
            value = row.get(name)
            if name in ("question", "answer") and isinstance(value, list | dict):
                kind = "a list" if isinstance(value, list) else "an object"
                return f"its {name} is {kind} and must be text"
    return None
