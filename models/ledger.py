"""Every finished model call of a run, appended as it is made, so that an interrupted run asks nothing twice.

A ledger is a JSON Lines file. A call is keyed by all that decides its outcome: model, messages, sampling settings and
rollout. A restored call counts with what it used when it was made, unlike a cache hit.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..errors import CopeError
from .scope import in_scope, scoped


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The complete lines of a JSON Lines file of ours; a last line torn by a kill is cut off the file.

    Raises:
        CopeError: when the file cannot be read, or a line before the last is not a JSON object: something else wrote it.
    """
    if not path.exists():
        return
    end = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                yield _entry(path, number, line)
                end += len(line)
        if path.stat().st_size > end:
            with path.open("r+b") as file:
                file.truncate(end)
    except OSError as error:
        raise CopeError(f"cannot read {path}: {error.strerror}; move it away and run the command again") from None


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise CopeError(f"{path} line {number} is damaged: move the file away and run the command again")
    return entry


class Appender:
    """Appends JSON lines to a file, one write a line, safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise CopeError(f"cannot write to {path}: {error.strerror}; choose another folder with --runs") from None

    def append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            start = self._file.seek(0, 2)
            try:
                written = self._file.write(line)
                if written != len(line):
                    raise OSError(28, "no space left on device")
            except OSError as error:
                self._cut(start)
                raise CopeError(
                    f"cannot write to {self.path}: {error.strerror}; make room and run the same command again, it goes on"
                ) from None

    def _cut(self, start: int) -> None:
        """Take back half a line; where even that fails, the reader cuts it off."""
        try:
            self._file.truncate(start)
        except OSError:
            return

    def close(self) -> None:
        self._file.close()


class Ledger:
    """The calls of one run, in a file that grows.

    Raises:
        CopeError: when the file cannot be written, or a line in it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self.before: list[dict[str, Any]] = []
        """What the calls of earlier runs used, those that were stopped early included."""
        for entry in read_lines(path):
            if not {"key", "call", "outputs"} <= entry.keys():
                raise CopeError(f"{path} is not a record of calls: move it away and run the command again")
            self.before.append(entry["call"])
            if entry["key"]:
                self._entries[entry["key"]] = entry
        self._appender = Appender(path)

    def get(self, key: str) -> dict[str, Any] | None:
        return self._entries.get(key)

    def put(self, key: str, entry: dict[str, Any]) -> None:
        entry = {"key": key, **entry}
        self._appender.append(entry)
        self._entries[key] = entry

    def note(self, call: dict[str, Any]) -> None:
        """Keep what a call used that was stopped early: it was paid for, and there is nothing to answer again with."""
        self._appender.append({"key": "", "call": call, "outputs": []})

    def close(self) -> None:
        self._appender.close()


def call_key(model: str, messages: Any, settings: dict[str, Any]) -> str:
    """A digest of all that decides a call's outcome; a key that was renewed since does not."""
    settings = {name: value for name, value in settings.items() if name != "api_key"}
    content = json.dumps([model, messages, settings], sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def current_ledger() -> Ledger | None:
    return in_scope("ledger")


def recorded_in(ledger: Ledger | None) -> AbstractContextManager[None]:
    """Calls made inside are written to this ledger, and answered from it where it holds them; also those that DSPy's
    Evaluate and its optimizers make."""
    return scoped("ledger", ledger)
