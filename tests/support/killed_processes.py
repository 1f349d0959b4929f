"""Work in a process of its own that is killed in the middle."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

LONGEST_PAUSE = (
    0.02  # seconds after the last line, so that a kill falls anywhere: also within a write
)


def lines(file: Path) -> int:
    """Return how many lines a file has; none where there is no file yet."""
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def saved_lines(root: Path) -> dict[Path, set[bytes]]:
    """Return the whole lines of each journal below a folder; a torn last line is not among them."""
    found = {}
    for file in root.rglob("*.jsonl"):
        found[file] = set(file.read_bytes().split(b"\n")[:-1])
    return found


class KilledWork:
    """Work that is killed at random moments, and then done to its end.

    Args:
        work: appends a line to `notes` for every call that is finished. It keeps its journals, the
            files `*.jsonl`, below the folder of the notes.
        notes: the file of its notes.
        seed: draws the moments.
    """

    def __init__(self, work: Callable[[], object], notes: Path, seed: int = 5) -> None:
        self._work = work
        self._notes = notes
        self._draw = random.Random(seed)

    def run(self, kills: int, most: int) -> int:
        """Do the work in attempts of which `kills` are killed; return how many were.

        Args:
            kills: attempts to kill, at most; fewer are killed when the work ends earlier.
            most: lines that an attempt may add to the notes before it is killed.

        Raises:
            AssertionError: a line that a journal had before a kill is no longer in it.
        """
        killed = 0
        while killed < kills and self.kill_after(lines(self._notes) + self._draw.randint(0, most)):
            killed += 1
        self.finish()
        return killed

    def kill_after(self, enough: int) -> bool:
        """Kill the work at a random moment after its notes have that many lines; False if it ended."""
        return self._attempt(enough)

    def finish(self) -> None:
        """Do the work to its end."""
        self._attempt(None)

    def _attempt(self, enough: int | None) -> bool:
        before = saved_lines(self._notes.parent)
        killed = attempt(self._work, self._notes, enough, self._draw.uniform(0, LONGEST_PAUSE))
        after = saved_lines(self._notes.parent)
        for file, saved in before.items():
            assert saved <= after[file], f"{file.name} has lost a line"
        return killed


def attempt(
    work: Callable[[], object], notes: Path, enough: int | None = None, pause: float = 0.0
) -> bool:
    """Do the work in a forked process; return whether it was killed.

    Args:
        work: what the process does.
        notes: the file of its notes.
        enough: kill it when the notes have so many lines; None lets it end by itself.
        pause: seconds between that line and the kill.
    """
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    while enough is not None and lines(notes) < enough:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.001)
    if enough is not None:
        time.sleep(pause)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "the work failed"
    return os.WIFSIGNALED(status)
