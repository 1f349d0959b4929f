"""Run `algebra_worker.py` in one long-lived child, started on first use and after a kill."""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ...errors import CopeError, Unavailable

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Importing SymPy takes one to three seconds; while a model loads, much longer."""


class AlgebraProcess:
    """Compares two answers in the child. Threads may share it; their comparisons run one at a time.

    Args:
        command: The child's command line; by default this interpreter, isolated, with
            `algebra_worker.py` given by path.
    """

    def __init__(self, command: list[str] | None = None):
        judge = str(Path(__file__).with_name("algebra_worker.py"))
        self._command = command or [sys.executable, "-I", "-X", "utf8", judge]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._last_id = 0

    def compare(self, a: str, b: str, timeout: float) -> bool | None:
        """Compare two normalized answers.

        Args:
            a: One answer.
            b: The other.
            timeout: Seconds for the comparison itself, without the wait for a turn or for the child
                to start.

        Returns:
            The verdict, or None when there was none in time or the child died over it.

        Raises:
            CopeError: The child cannot run at all: a wrong installation must not look like wrong
                answers.
        """
        with self._lock:
            self._last_id += 1
            try:
                process = self._process
                if process is None or process.poll() is not None:
                    process = self._start()
                self._send(process, {"id": self._last_id, "a": a, "b": b, "seconds": timeout})
                reply = self._receive(timeout)
            except (
                BaseException
            ):  # Ctrl-C while waiting: the reply would be taken for the next one's
                self._stop()
                raise
            if reply is None or reply.get("id") != self._last_id:
                _log.debug("no verdict within %g s: %r, %r", timeout, a[:80], b[:80])
                self._stop()
                return None
            return bool(reply["equal"])

    def close(self) -> None:
        """End the child, if there is one; the next comparison starts another."""
        with self._lock:
            self._stop()

    def _start(self) -> subprocess.Popen[str]:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise CopeError(
                f"the comparison of answers does not start ({error}): check this Python"
            ) from error
        self._process = process
        self._replies = queue.SimpleQueue()
        threading.Thread(
            target=_forward_lines, args=(process, self._replies), name="cope-algebra", daemon=True
        ).start()
        began = time.monotonic()
        # An isolated interpreter does not see what PYTHONPATH or a user's site-packages gave us.
        self._send(process, {"path": [p for p in sys.path if os.path.isabs(p)]})
        hello = self._receive(START_SECONDS)
        if hello and hello.get("ready"):
            return process
        self._stop()
        if hello is None and time.monotonic() - began >= START_SECONDS:
            why = f"the comparison of answers was not ready in {START_SECONDS:g} s"
            raise Unavailable(f"{why}: try again with less load on this machine")
        why = hello.get("error") if hello else "it ended at once"
        raise CopeError(
            f"answers cannot be compared ({why}): reinstall cope-dspy, which brings math-verify"
        )

    def _send(self, process: subprocess.Popen[str], message: dict[str, Any]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
        except OSError:
            _log.debug(
                "the algebra process has ended"
            )  # the reader has seen its end too, and says so to _receive

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        try:
            line = self._replies.get(timeout=timeout)
        except queue.Empty:
            return None
        return json.loads(line) if line else None

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin is not None:
            try:
                process.stdin.close()
            except OSError:
                _log.debug("the algebra process's input was closed already")


def _forward_lines(
    process: subprocess.Popen[str], replies: "queue.SimpleQueue[str | None]"
) -> None:
    """Queue each line, then None; in a thread, because Windows has no timed wait for a pipe."""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            replies.put(line)
    replies.put(None)
