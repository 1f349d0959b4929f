"""Read and write files that survive a kill: JSON Lines, and files replaced atomically."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CopeError
from .json_text import parse_json, read_json
from .json_types import JsonObject
from .redact import redact, redact_data


def read_jsonl(path: Path, repair: bool = True) -> Iterator[JsonObject]:
    """Yield the complete lines of a JSON Lines file of this package; none when there is no file.

    A last line without an end was torn by a kill, or is still being written. It is left out.

    Args:
        path: the file.
        repair: remove the torn line from the file. Only for the one process that writes to it.

    Raises:
        CopeError: when the file cannot be read, or a line before the last is not a JSON object:
            something else wrote it.
    """
    for _, entry in read_jsonl_lines(path, repair):
        yield entry


def read_jsonl_lines(path: Path, repair: bool = True) -> Iterator[tuple[int, JsonObject]]:
    """Yield each complete line with its place in the file in bytes, see `read_jsonl`."""
    if not path.exists():
        return
    end = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                yield end, _entry(path, number, line)
                end += len(line)
        if repair and path.stat().st_size > end:
            with path.open("r+b") as file:
                file.truncate(end)
    except OSError as error:
        raise CopeError(
            f"cannot read {path}: {error.strerror}; move it away and run the command again"
        ) from None


def _entry(path: Path, number: int, line: bytes) -> JsonObject:
    try:
        entry = parse_json(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise CopeError(
            f"{path} line {number} is damaged: move the file away and run the command again"
        )
    return entry


class JsonlWriter:
    """Appends JSON lines to a file, one write per line; thread-safe.

    Raises:
        CopeError: when the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise CopeError(
                f"cannot write to {path}: {error.strerror}; choose another folder with --runs"
            ) from None

    def append(self, entry: JsonObject) -> int:
        """Append a line, and return its place in the file in bytes.

        Raises:
            CopeError: when the file cannot be written. No partial line remains in it.
        """
        line = json.dumps(redact_data(entry), ensure_ascii=False).encode() + b"\n"
        with self._lock:
            start = self._file.seek(0, 2)
            try:
                written = self._file.write(line)
                if written != len(line):
                    raise OSError(28, "no space left on device")
            except OSError as error:
                self._cut(start)
                raise CopeError(
                    f"cannot write to {self.path}: {error.strerror}; "
                    "make room and run the same command again, which resumes the run"
                ) from None
        return start

    def _cut(self, start: int) -> None:
        """Remove a partial line; if that fails, the reader removes it."""
        try:
            self._file.truncate(start)
        except OSError:
            return

    def close(self) -> None:
        self._file.close()


def end_torn_line(path: Path) -> None:
    """End the last line of a file if a kill tore it, so that the next line is not joined to it.

    Raises:
        CopeError: when the file cannot be read and written.
    """
    try:
        with path.open("r+b") as file:
            if not file.seek(0, 2):
                return
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CopeError(f"cannot write to {path}: {error.strerror}; name another file") from None


def read_metadata(file: Path) -> JsonObject:
    """Return the object in a JSON file; empty when there is no file or no object in it.

    A file that was torn by a kill counts as missing, because all important data are in the other
    files of its folder.

    Raises:
        OSError: when the file cannot be read.
    """
    try:
        content = read_json(file)
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_metadata(file: Path, **values: Any) -> None:
    """Add values to the object in a JSON file.

    Raises:
        CopeError: when the file cannot be written.
    """
    text = json.dumps(redact_data(read_metadata(file) | values), indent=1, default=str)
    try:
        write_atomic(file, text)
    except OSError as error:
        raise CopeError(
            f"cannot write to {file}: {error.strerror}; make room and run the command again"
        ) from None


def write_atomic(file: Path, text: str) -> None:
    """Replace a file atomically, so that readers see the old or the new text, without secrets.

    Several processes may replace the same file.

    Raises:
        OSError: when the file cannot be written.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        partial.write_text(redact(text), encoding="utf-8")
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
