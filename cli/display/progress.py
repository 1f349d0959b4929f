"""Show the progress of an evaluation, or of a run over a table, on stderr."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from ...models.server_waits import SERVER_WAITS
from ...util.text import format_duration
from ..output import notify
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from ...batch.answer_columns import AnsweredRow
    from ...batch.stages.report import StageTotals
    from ...batch.stages.rows import RowOutcome
    from ...batch.totals import Totals
    from ...eval.comparison.request import SystemStart
    from ...eval.run.store import QuestionResult

EVERY_SECONDS = 20.0  # between two lines without a terminal


class ProgressDisplay:
    """Shows counts, a text and the time left: a bar on a terminal, else a line now and then.

    Args:
        quiet: whether nothing is shown.
    """

    noun = "questions"

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = progress_bar(Console(stderr=True), quiet)
        self._task = self._bar.add_task("", text="waiting for the first answer", total=None)
        self._total = self._done = self._earlier = 0
        self._started = self._printed = time.monotonic()

    def __enter__(self) -> Self:
        SERVER_WAITS.report_to(notify if self._bar.disable and not self._quiet else None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        SERVER_WAITS.report_to(None)

    def start(self, total: int, earlier: int, is_resumed: bool = True) -> None:
        """Show how many there are and are done, and whether an earlier attempt did some."""
        self._total, self._done, self._earlier = total, earlier, earlier
        self._started = self._printed = time.monotonic()
        self._bar.update(self._task, total=total, completed=earlier)
        self._bar.start()
        if earlier and is_resumed and not self._quiet:
            notify(f"{earlier} of {total} {self.noun} are done already")

    def count(self) -> float:
        """Count one more answer, and return the answers per second."""
        self._done += 1
        return (self._done - self._earlier) / max(time.monotonic() - self._started, 1e-6)

    def show(self, text: str, rate: float, *, always: bool = False) -> None:
        """Show the state.

        Args:
            text: the state in one line.
            rate: the answers per second.
            always: whether a line is printed however short the time since the last one is.
        """
        if not self._bar.disable:
            self._bar.update(self._task, completed=self._done, text=text)
            return
        now = time.monotonic()
        if not self._quiet and (always or now - self._printed >= EVERY_SECONDS):
            self._printed = now
            left = format_duration((self._total - self._done) / rate)
            notify(f"{self._done}/{self._total}  {text}  {left} left")


class EvaluationDisplay(ProgressDisplay):
    """Shows accuracy, the share of each stage, cost and time left while results arrive.

    Args:
        total: the number of questions.
        done: the results so far.
        stages: the number of stages.
        is_resumed: whether some of these are of an earlier run, which is said.
    """

    def __init__(
        self,
        total: int,
        done: "Sequence[QuestionResult]",
        stages: int,
        is_resumed: bool = True,
    ) -> None:
        from ...eval.run.progress import EvaluationProgress

        super().__init__()
        self._progress = EvaluationProgress(stages, done)
        self._questions, self._is_resumed = total, is_resumed

    def __enter__(self) -> Self:
        super().__enter__()
        self.start(self._questions, self._progress.done, self._is_resumed)
        if self._progress.done:
            self._bar.update(self._task, text=self._progress.text())
        return self

    def add(self, result: "QuestionResult") -> None:
        """Show a new result."""
        self._progress.add(result)
        rate = self.count()
        is_first_or_last = self._done in (self._earlier + 1, self._total)
        self.show(self._progress.text(), rate, always=is_first_or_last)


class TableDisplay(ProgressDisplay):
    """Shows rate, cost, errors and time left while rows are answered."""

    noun = "rows"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is KeyboardInterrupt and self._total:
            notify(f"{self._done} of {self._total} rows are done; the same command resumes")

    def add(self, answered: "AnsweredRow", totals: "Totals") -> None:
        """Show a new answer."""
        from ...batch.text import progress_text

        rate = self.count()
        self.show(progress_text(totals, rate), rate)


class BatchDisplay(TableDisplay):
    """Shows how many rows of the running stage are done."""

    _label = ""

    def begin(self, stage: "StageTotals", left: int) -> None:
        """Show a new stage."""
        self._label = f"stage {stage.stage}: {stage.label}"
        self.start(stage.rows + left, stage.rows)
        notify(f"{self._label}: {left:,} rows")

    def add_outcome(self, outcome: "RowOutcome") -> None:
        """Show a new outcome."""
        rate = self.count()
        self.show(f"{self._label}  {rate:.1f} rows/s", rate)


@contextmanager
def show_progress(
    questions: int, earlier: "Sequence[QuestionResult]", stages: int
) -> "Iterator[Callable[[QuestionResult], None]]":
    """Show the progress of an evaluation, see `EvaluationDisplay`."""
    with EvaluationDisplay(questions, earlier, stages) as view:
        yield view.add


@contextmanager
def show_system_progress(start: "SystemStart") -> "Iterator[Callable[[QuestionResult], None]]":
    """Print which system of a comparison is asked which questions, and show its progress."""
    block = start.block
    notify(
        f"{start.name} ({start.number} of {start.systems}): questions {block.start + 1} to "
        f"{block.stop}"
    )
    is_resumed = len(start.results) > block.start
    with EvaluationDisplay(block.stop, start.results, start.rounds, is_resumed) as view:
        yield view.add
