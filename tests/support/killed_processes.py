"""Work in a process of its own that is killed in the middle."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path


def lines(file: Path) -> int:
    """How many lines a file has; none where there is no file yet."""
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def killed_again_and_again(work: Callable[[], object], notes: Path, kills: int, most: int) -> int:
    """Do the work in attempts that are killed at random moments, `kills` at most, and then once more to its end.

    Args:
        work: notes every call that is finished.
        notes: the file of its notes.
        kills: how many attempts to kill.
        most: lines that an attempt may add to the notes before it is killed.

    Returns:
        How many attempts were killed.
    """
    draw, killed = random.Random(5), 0
    while killed < kills and attempt(work, notes, lines(notes) + draw.randint(1, most)):
        killed += 1
    attempt(work, notes)
    return killed


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
