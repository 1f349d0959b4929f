"""The folder of a run over a table: its settings, the answer to each row, the calls in progress."""

import json
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import CopeError
from ..eval.run.prices import stored_prices
from ..models.prices import Price
from ..models.reprice import prices_to_json
from ..models.usage_row import UsageRow
from ..util.files import JsonlWriter, read_jsonl_lines, read_metadata, write_metadata
from ..util.json_types import JsonObject
from ..util.lock import lock_directory
from ..util.redact import redact_data
from ..util.text import shorten
from ..util.validate import check_type
from .answer_columns import AnsweredRow
from .call_log import CallLog

METADATA_FILE = "run.json"
ROWS_FILE = "rows.jsonl"
CALLS_FILE = "calls.jsonl"
_ABSENT = -1
_FIELDS = frozenset(field.name for field in fields(AnsweredRow))


class Journal:
    """The answers of a run, appended as they are made.

    In memory are only the places of the lines in the file, 8 bytes for each row.

    Args:
        path: the folder.
        rows: the number of rows of the table.
        retry_failed: whether rows on which a model failed count as not answered.
        prices: by tier, which all answers are priced by.

    Raises:
        CopeError: when the folder cannot be written, or one of its lines is damaged.
    """

    def __init__(
        self,
        path: Path,
        rows: int,
        retry_failed: bool = False,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.prices = dict(prices or {})
        self._file = path / ROWS_FILE
        self._places = array("q", [_ABSENT]) * (rows + 1)
        self.answered = 0
        for place, line in read_jsonl_lines(self._file):
            row = self._check(line)
            is_open = retry_failed and line.get("failed", False)
            self._set_place(row, _ABSENT if is_open else place)
        self._writer = JsonlWriter(self._file)
        self._reader: BinaryIO = self._file.open("rb")
        self.calls = CallLog(path / CALLS_FILE, self.has)

    def _check(self, line: JsonObject) -> int:
        """Return the number of the row of a line.

        Raises:
            CopeError: if it is no answer to a row of the table.
        """
        try:
            check_type(AnsweredRow, line)
            row = int(line["row"])
            if not 1 <= row < len(self._places):
                raise ValueError(f"there is no row {row}")
        except ValueError as error:
            raise CopeError(
                f"{self._file} has a damaged line ({error}): take the line out, and the same "
                "command asks its row again"
            ) from None
        return row

    def _set_place(self, row: int, place: int) -> None:
        self.answered += (place != _ABSENT) - (self._places[row] != _ABSENT)
        self._places[row] = place

    def has(self, row: int) -> bool:
        """Return whether a row is answered or failed for good."""
        return row < len(self._places) and self._places[row] != _ABSENT

    def get(self, row: int) -> AnsweredRow:
        """Return the answer to a row that has one."""
        self._reader.seek(self._places[row])
        line = json.loads(self._reader.readline())
        answered = AnsweredRow(**{name: value for name, value in line.items() if name in _FIELDS})
        return answered.priced(self.prices)

    def usages(self) -> Iterator[list[UsageRow]]:
        """Yield the usage of each row that has an answer."""
        for row in range(1, len(self._places)):
            if self.has(row):
                yield self.get(row).usage

    def add(self, answered: AnsweredRow) -> None:
        """Append the answer to a row."""
        self._set_place(answered.row, self._writer.append(vars(answered)))
        self.calls.forget(answered.row)

    def close(self) -> None:
        """Close the files."""
        self._writer.close()
        self._reader.close()
        self.calls.close()


def journal_folder(output: Path) -> Path:
    """Return the folder of the run that writes an output: `answered.csv.run`."""
    return output.with_name(f"{output.name}.run")


@contextmanager
def open_journal(
    folder: Path,
    rows: int,
    settings: Mapping[str, Any],
    output: Path | None,
    *,
    retry_failed: bool = False,
    again: bool = False,
    prices: Mapping[str, Price] | None = None,
) -> Iterator[Journal]:
    """Open and lock the folder of a run.

    Args:
        folder: the folder.
        rows: the number of rows of the table.
        settings: all settings that decide the answers.
        output: the output of the run; None for a run in memory.
        retry_failed: see `Journal`.
        again: whether an earlier run is removed.
        prices: the user's prices by tier. All answers are priced by them, also earlier ones, and
            those of other tiers by the prices of the earlier attempt.

    Raises:
        CopeError: if the output is of another run, or another process writes to it.
    """
    lock = lock_directory(folder, "run", "name another output with -o")
    try:
        if again:
            for name in (ROWS_FILE, CALLS_FILE, METADATA_FILE):
                (folder / name).unlink(missing_ok=True)
        _check_settings(folder, settings, output, again)
        used = stored_prices(read_metadata(folder / METADATA_FILE)) | dict(prices or {})
        write_metadata(folder / METADATA_FILE, settings=dict(settings))
        if used:
            write_metadata(folder / METADATA_FILE, prices=prices_to_json(used))
        journal = Journal(folder, rows, retry_failed, used)
        try:
            yield journal
        finally:
            journal.close()
    finally:
        lock.release()


def _check_settings(
    folder: Path, settings: Mapping[str, Any], output: Path | None, again: bool
) -> None:
    """Raise an error if an output was not made with these settings."""
    saved = read_metadata(folder / METADATA_FILE).get("settings")
    if saved is None:
        if output is not None and output.exists() and not again:
            raise CopeError(
                f"{output} is there and was not made by this command: name another file with -o, "
                "or write over it with --again"
            )
        return
    if not isinstance(saved, dict):
        raise CopeError(f"{folder / METADATA_FILE} is damaged: answer all rows again with --again")
    plain = json.loads(json.dumps(redact_data(settings), default=str))  # as they are saved
    for name in [*plain, *saved]:
        if saved.get(name) != plain.get(name):
            old, new = shorten(str(saved.get(name)), 60), shorten(str(plain.get(name)), 60)
            raise CopeError(
                f"{output} was made with other settings ({name}: {old}, now {new}): name another "
                "file with -o, or answer all rows again with --again"
            )
