"""The calls of the rows that are not finished, so that a killed run repeats none of them.

A call is forgotten when its row is finished: neither the memory nor the file grows with the table.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from typing_extensions import TypedDict

from ..models import Ledger
from ..models.exchange import Exchange
from ..models.ledger_line import check_line, read_ledger
from ..models.usage_row import Count
from ..util.files import JsonlWriter
from ..util.json_types import JsonObject

MAX_BYTES = 16 * 1024 * 1024
"""Above this size the file is written again without the calls of finished rows."""


class _RowLine(TypedDict):
    row: Count


class CallLog:
    """The file of the calls.

    Args:
        path: the file.
        is_finished: whether the row with a number is finished.

    Raises:
        CopeError: when the file cannot be written, or one of its lines is damaged.
    """

    def __init__(self, path: Path, is_finished: Callable[[int], bool]) -> None:
        self._path = path
        self._calls: dict[int, dict[str, JsonObject]] = {}
        for number, line in enumerate(read_ledger(path), 1):
            check_line(_RowLine, line, path, number)
            if line["key"] and not is_finished(line["row"]):
                self._calls.setdefault(line["row"], {})[line["key"]] = line
        self._writer = JsonlWriter(path)

    def of_row(self, row: int) -> "RowLedger":
        """Return the ledger of one row."""
        return RowLedger(self, row, self._calls.setdefault(row, {}))

    def open_calls(self) -> Iterator[JsonObject]:
        """Yield the calls of the rows that are not finished."""
        for calls in self._calls.values():
            for line in calls.values():
                yield line["call"]

    def append(self, line: JsonObject) -> None:
        """Append a call."""
        if self._writer.append(line) > MAX_BYTES:
            self._compact()

    def forget(self, row: int) -> None:
        """Forget the calls of a finished row."""
        self._calls.pop(row, None)

    def _compact(self) -> None:
        """Replace the file by one with the calls of unfinished rows."""
        self._writer.close()
        smaller = self._path.with_name(f"{self._path.name}.new")
        smaller.unlink(missing_ok=True)
        writer = JsonlWriter(smaller)
        for calls in self._calls.values():
            for line in calls.values():
                writer.append(line)
        writer.close()
        smaller.replace(self._path)
        self._writer = JsonlWriter(self._path)

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


class RowLedger(Ledger):
    """The calls of one row.

    Args:
        log: the file.
        row: the number of the row.
        calls: the calls of an interrupted attempt by their keys; new ones are added.
    """

    def __init__(self, log: CallLog, row: int, calls: dict[str, JsonObject]) -> None:
        self._log, self._row, self._calls = log, row, calls

    def get(self, key: str) -> JsonObject | None:
        return self._calls.get(key)

    def put(self, key: str, entry: JsonObject, exchange: Exchange | None = None) -> None:
        """Append a call, without its messages: a table has too many."""
        line = {"row": self._row, "key": key, **entry}
        self._calls[key] = line
        self._log.append(line)

    def add_cancelled(self, call: JsonObject) -> None:
        """Do nothing: a cancelled call is never repeated, and the row's usage counts it."""

    def close(self) -> None:
        """Do nothing, because the file belongs to all rows."""
