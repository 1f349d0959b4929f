"""Work in a process of its own that is killed in the middle."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def lines(file: Path) -> int:
    """How many lines a file has; none where there is no file yet."""
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def attempt(work: Callable[[], object], notes: Path, enough: int | None = None) -> bool:
    """Do the work in a forked process, killed once its notes have `enough` lines; returns whether it was killed."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    while enough is not None and lines(notes) < enough:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.001)
    if enough is not None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "the work failed"
    return os.WIFSIGNALED(status)
