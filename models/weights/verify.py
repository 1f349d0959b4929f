"""Verify a file of weights by SHA-256, computed once and stored until the file changes."""

import hashlib
import json
from pathlib import Path
from typing import Protocol

from ...errors import CopeError
from ...util.files import write_atomic

BLOCK = 1 << 20
"""Bytes of a block: few enough for a smooth progress bar, enough that Python costs nothing."""


class Progress(Protocol):
    """Receives the progress of one file, often and from one thread, so it must be fast."""

    def __call__(self, done: int, total: int, source: str, /) -> None:
        """Report progress.

        Args:
            done: bytes that are done.
            total: bytes of the file.
            source: the source of the bytes, for example `model hub`, or `checking`.
        """
        ...


def no_progress(done: int, total: int, source: str) -> None:
    """Ignore the progress."""


class ChecksumMismatch(CopeError):
    """The bytes differ from those in the catalog, so another copy is needed."""


def sha256_of(path: Path, progress: Progress = no_progress) -> str:
    """Return the SHA-256 of a file as hexadecimal digits.

    Raises:
        OSError: when the file cannot be read.
    """
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
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
        path: the file.
        size: the expected size in bytes.
        sha256: the expected SHA-256, hexadecimal.
        marker: a small JSON file with earlier results, so that a start does not read a gigabyte.
        advice: the end of the error message about a wrong file.
        progress: receives the progress of a full verification.

    Raises:
        ChecksumMismatch: when size or SHA-256 differ.
        CopeError: when the file cannot be read.
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
        write_atomic(marker, json.dumps(known))
    except OSError:
        return  # weights may be in a read-only cache


def _state(path: Path, sha256: str) -> dict[str, object]:
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}


def _read_marker(marker: Path) -> dict[str, object]:
    try:
        known = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # missing or damaged: the file of weights is read in full again
    return known if isinstance(known, dict) else {}
