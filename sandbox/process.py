"""Communicate line by line with one process of the sandbox, and kill it reliably."""

import contextlib
import os
import signal
import subprocess
from typing import IO

from ..errors import CopeError
from .backends import Backend
from .limits import Limits


class ProcessEnded(Exception):
    """The process has ended, or sent too much."""


class SandboxProcess:
    """A started script of the sandbox.

    Args:
        backend: starts the process.
        script: `_program.py` or `_tests.py`.
        limits: the limits of the process.
        single_process: whether the process cannot start other processes.

    Raises:
        CopeError: when the sandbox does not work on this machine.
    """

    def __init__(self, backend: Backend, script: str, limits: Limits, single_process: bool) -> None:
        self._name, self._backend = backend.name, backend
        try:
            self._process = backend.start(script, limits, single_process)
        except OSError as error:
            raise CopeError(
                f"the sandbox ({backend.name}) does not start: {error}; see cope doctor"
            ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._into: IO[bytes] = self._process.stdin
        self._out = _BoundedLines(self._process.stdout, limits)
        self._ready = False
        self._folder: str | None = None

    def wait_ready(self) -> None:
        """Wait until the process has set its limits. A later end is caused by its own code.

        Raises:
            CopeError: when it ends before: the sandbox does not work on this machine.
        """
        if self._ready:
            return
        with contextlib.suppress(ProcessEnded):
            self._ready = self.read() == b"ready\n"
        self._folder = self._backend.folder(self._process)
        if not self._ready:
            raise CopeError(
                f"the sandbox ({self._name}) does not work here: {self._failure_reason()}; "
                "see cope doctor"
            )

    def _failure_reason(self) -> str:
        self.kill()
        status = self._process.wait()
        with contextlib.suppress(OSError, ValueError):
            stderr = self._process.stderr
            said = stderr.read().decode(errors="replace").strip() if stderr else ""
            if said:
                return said.splitlines()[-1][:200]
        return "it does not start in time" if status == -9 else f"it ended with status {status}"

    def send(self, line: bytes) -> None:
        try:
            view = memoryview(line + b"\n")
            while view:
                view = view[self._into.write(view) :]
        except (OSError, ValueError):
            raise ProcessEnded from None

    def reset_total(self) -> None:
        """Start a new run, whose bytes are counted from zero."""
        self._out.total = 0

    def read(self) -> bytes:
        """Return the next line, with its line end."""
        return self._out.line()

    @property
    def files_used(self) -> int:
        """Return the number of files that the process has created; 0 where it is not known."""
        if self._folder is None:
            return 0
        try:
            usage = os.statvfs(self._folder)
        except OSError:
            return 0
        return usage.f_files - usage.f_ffree

    def kill(self) -> None:
        """Kill the process and its children; safe to call from any thread and repeatedly."""
        with contextlib.suppress(OSError):
            if self._process.poll() is not None:
                return
            if hasattr(os, "killpg"):
                # The whole group: bubblewrap's inner process does not at once die with its outer
                # one, and a reader of the pipe that it holds would wait for ever.
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> None:
        """Kill the process and close its pipes. Only the thread that reads them may call this."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Return the exit status after the end; negative for a signal."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return self._process.returncode


class _BoundedLines:
    """Lines of an unbuffered stream, within the limits for one reply and for all replies."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self._stream, self._limits = stream, limits
        self._kept = bytearray()
        self.total = 0

    def line(self) -> bytes:
        start = 0
        while (end := self._kept.find(b"\n", start)) < 0:
            start = len(self._kept)
            try:
                piece = self._stream.read(65536)
            except (OSError, ValueError):
                piece = b""
            self.total += len(piece or b"")
            if (
                not piece
                or start + len(piece) > self._limits.reply
                or self.total > self._limits.replies
            ):
                raise ProcessEnded
            self._kept += piece
        line = bytes(self._kept[: end + 1])
        del self._kept[: end + 1]
        return line
