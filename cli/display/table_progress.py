"""The progress of a run over a table on stderr."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from ...models.server_waits import SERVER_WAITS
from ..output import notify
from .evaluation import EVERY_SECONDS
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from ...batch.answer_columns import AnsweredRow
    from ...batch.totals import Totals


class TableProgress:
    """Shows rate, cost, errors and time left: a bar on a terminal, else a line now and then.

    Args:
        quiet: whether nothing is shown.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._progress = progress_bar(Console(stderr=True), quiet)
        self._task = self._progress.add_task("", text="waiting for the first answer", total=None)
        self._rows = self._done = self._earlier = 0
        self._started = self._printed = time.monotonic()

    def __enter__(self) -> Self:
        SERVER_WAITS.report_to(notify if self._progress.disable and not self._quiet else None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        SERVER_WAITS.report_to(None)
        if kind is KeyboardInterrupt and self._rows:
            notify(f"{self._done} of {self._rows} rows are done; the same command resumes")

    def start(self, rows: int, earlier: int) -> None:
        """Show how many rows there are, and how many an earlier attempt answered."""
        self._rows, self._done, self._earlier = rows, earlier, earlier
        self._started = self._printed = time.monotonic()
        self._progress.update(self._task, total=rows, completed=earlier)
        self._progress.start()
        if earlier and not self._quiet:
            notify(f"{earlier} of {rows} rows are done already")

    def add(self, answered: "AnsweredRow", totals: "Totals") -> None:
        """Show a new answer."""
        from ...batch.text import left_text, progress_text

        self._done += 1
        now = time.monotonic()
        rate = (self._done - self._earlier) / max(now - self._started, 1e-6)
        if not self._progress.disable:
            text = progress_text(totals, rate)
            self._progress.update(self._task, completed=self._done, text=text)
        elif not self._quiet and now - self._printed >= EVERY_SECONDS:
            self._printed = now
            left = left_text(self._rows - self._done, rate)
            notify(f"{self._done}/{self._rows}  {progress_text(totals, rate)}  {left}")
