"""Show how much of a long work is done: a bar on a terminal, a line now and then elsewhere."""

import time
from typing import Self

from rich import progress as rich_progress
from rich.console import Console

SECONDS = 15.0
"""Seconds between two lines where there is no terminal."""


class CountBar:
    """Shows how many of some things are done. Nothing is shown before the first call of `show`.

    Args:
        title: what is done.
        total: how many things.
        console: the output; stderr when None.

    Example:
        with CountBar("solving games", 20) as bar:
            bar.show(1)
    """

    def __init__(self, title: str, total: int, *, console: Console | None = None) -> None:
        self._title, self._total = title, total
        self._console = console or Console(stderr=True)
        self._bar: rich_progress.Progress | None = None
        self._next_line = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int) -> None:
        """Show that so many things are done."""
        if self._console.is_terminal:
            if self._bar is None:
                self._bar = self._start()
            self._bar.update(self._bar.task_ids[0], completed=done)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + SECONDS
            self._console.print(f"{self._title}: {done} of {self._total}", highlight=False)

    def _start(self) -> rich_progress.Progress:
        bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TimeRemainingColumn(),
            console=self._console,
        )
        bar.add_task(self._title, total=self._total)
        bar.start()
        return bar
