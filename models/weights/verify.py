"""Verify a file of weights by SHA-256, computed once and remembered until the file changes."""

import hashlib
import json
import os
from pathlib import Path
from typing import Protocol

from ...errors import CopeError

BLOCK = (
    1 << 20
)  # bytes; small enough for a smooth progress bar, large enough that Python costs nothing


class Progress(Protocol):
    """A callback for the progress on one file, called often and from one thread; it must be fast."""

    def __call__(self, done: int, total: int, source: str, /) -> None:
        """Report `done` of `total` bytes; `source` is the activity: `model hub` or `checking`."""
        ...


def no_progress(done: int, total: int, source: str) -> None:
    """Ignore the progress."""


class ChecksumMismatch(CopeError):
    """The bytes differ from those in the catalog, so another copy is needed."""


def sha256_of(path: Path, progress: Progress = no_progress) -> str:
    """Return the SHA-256 of a file as hexadecimal digits.

    Raises:
        OSError: The file cannot be read.
    """
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            progress(done, total, "checking")
    return digest.hexdigest()


def verify(
    path: Path,
    size: int,
    sha256: str,
    *,
    marker: Path,
    advice: str,
    progress: Progress = no_progress,
) -> None:
    """Raise an error unless `path` is the file of `size` bytes with this `sha256`.

    Args:
        path: The file to look at.
        size: Expected size in bytes.
        sha256: Expected SHA-256, hexadecimal.
        marker: Small JSON file that remembers earlier checks, so that a start does not read a
            gigabyte.
        advice: What the user should do about a wrong file; ends the error's line.
        progress: is called with the progress of a full check.

    Raises:
        ChecksumMismatch: Size or SHA-256 differ.
        CopeError: The file cannot be read.
    """
    try:
        state = _state(path, sha256)
        if _read_marker(marker).get(str(path.absolute())) == state:
            return
        found = sha256_of(path, progress)
        found_size = path.stat().st_size
    except OSError as error:
        raise CopeError(
            f"cannot read {path} ({error.strerror}): make it readable, or remove it"
        ) from error
    if (found_size, found) != (size, sha256):
        raise ChecksumMismatch(
            f"{path} is not the file expected: sha256 {found[:12]}... and {found_size} bytes, "
            f"expected {sha256[:12]}... and {size} bytes; {advice}"
        )
    mark_verified(path, sha256, marker)


def mark_verified(path: Path, sha256: str, marker: Path) -> None:
    """Record in `marker`, if it is writable, that the current `path` has this `sha256`."""
    known = _read_marker(marker) | {str(path.absolute()): _state(path, sha256)}
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        replace_json(marker, known)
    except OSError:
        return  # a read-only cache is a fine place for weights


def replace_json(path: Path, value: object) -> None:
    """Write JSON atomically: after a crash the file is the old or the new one.

    Raises:
        OSError: The folder cannot be written to.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(value), encoding="utf-8")
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _state(path: Path, sha256: str) -> dict[str, object]:
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}


def _read_marker(marker: Path) -> dict[str, object]:
    try:
        known = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not there or damaged: the file is read in full again
    return known if isinstance(known, dict) else {}
