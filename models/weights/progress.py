"""Show a download to the user: a bar on a terminal, occasional lines elsewhere."""

import time
from typing import Self

from rich import progress as rich_progress
from rich.console import Console
from rich.filesize import decimal

STEP = 10
"""The percentage between two lines where there is no terminal."""


class DownloadBar:
    """Shows the progress of one file. Nothing is shown before the first call.

    Args:
        title: a name for the file.
        console: the output; stderr when None.

    Example:
        with DownloadBar("smollm2-135m") as bar:
            path = resolve_weights("smollm2-135m", progress=bar)
    """

    def __init__(self, title: str, *, console: Console | None = None) -> None:
        self._title = title
        self._console = console or Console(stderr=True)
        self._bar: rich_progress.Progress | None = None
        self._task: rich_progress.TaskID | None = None
        self._source = ""
        self._begun, self._first, self._shown = 0.0, 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, source: str) -> None:
        """Show that `done` of `total` bytes have arrived, and their source."""
        fresh = source != self._source
        if fresh:
            self._source, self._begun, self._first = source, time.monotonic(), done
        if self._console.is_terminal:
            self._draw(done, total, fresh)
        else:
            self._print_line(done, total, fresh)

    def _draw(self, done: int, total: int, fresh: bool) -> None:
        bar = self._bar = self._bar or self._start_bar()
        if fresh:  # a new task, because earlier bytes must not count as speed
            if self._task is not None:
                bar.remove_task(self._task)
            self._task = bar.add_task(
                f"{self._title} ({self._source})", total=total, completed=done
            )
        elif self._task is not None:
            bar.update(self._task, completed=done)

    def _start_bar(self) -> rich_progress.Progress:
        bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(),
            rich_progress.DownloadColumn(),
            rich_progress.TransferSpeedColumn(),
            rich_progress.TimeRemainingColumn(),
            console=self._console,
        )
        bar.start()
        return bar

    def _print_line(self, done: int, total: int, fresh: bool) -> None:
        percent = 100 * done // total if total else 100
        if not fresh and percent < self._shown + STEP and not (percent == 100 > self._shown):
            return
        self._shown = percent
        line = f"{self._title}: {percent}% of {decimal(total)}, {self._source}"
        seconds = time.monotonic() - self._begun
        if done > self._first and seconds > 0:
            rate = (done - self._first) / seconds
            line += f", {decimal(int(rate))}/s, {(total - done) / rate:.0f} s left"
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)
