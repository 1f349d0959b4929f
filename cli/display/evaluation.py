"""The progress of an evaluation on stderr, and its table on stdout."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console

from ...eval.run.summary import spent_cost
from ...eval.run.table import print_summary
from ...models.server_waits import SERVER_WAITS
from ...programs.systems.stage import Stage
from ..output import notify
from .progress_bar import progress_bar
from .tables import result_console

if TYPE_CHECKING:
    from ...eval.comparison.request import SystemStart
    from ...eval.run.store import QuestionResult
    from ...eval.run.summary import Summary

EVERY_SECONDS = 20.0  # between two lines without a terminal


class EvaluationProgress:
    """Shows accuracy, the share of each round, cost and time left while results arrive.

    Args:
        total: the number of questions.
        done: the results of an earlier run.
        rounds: the number of rounds.
    """

    def __init__(self, total: int, done: Sequence[Any], rounds: int) -> None:
        self.total, self.rounds = total, rounds
        self.records, self._spent = list(done), spent_cost(done)
        self._started, self._printed, self._before = time.monotonic(), 0.0, len(self.records)
        self._console = Console(stderr=True)
        self._progress = progress_bar(self._console)
        self._task = self._progress.add_task(
            "", total=total, completed=len(self.records), text=self.text()
        )

    def __enter__(self) -> Self:
        SERVER_WAITS.report_to(notify if self._progress.disable else None)
        self._progress.start()
        if self._before:
            self._console.print(
                f"{self._before} of {self.total} questions are done already", highlight=False
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        SERVER_WAITS.report_to(None)

    def text(self) -> str:
        good = [r for r in self.records if r.error is None]
        if not good:
            return "waiting for the first answer"
        scores = [r.score for r in good]
        accuracy = "unknown" if None in scores else f"{sum(scores) / len(good):.1%}"
        shares = "/".join(
            f"{sum(r.round == n for r in good) / len(good):.0%}" for n in range(1, self.rounds + 1)
        )
        spend = "" if self._spent.cell == "unknown" else f"  {self._spent.cell}"
        errors = (
            f"  {len(self.records) - len(good)} errors" if len(good) < len(self.records) else ""
        )
        return (
            f"accuracy {accuracy}"
            + (f"  rounds {shares}" if self.rounds > 1 else "")
            + spend
            + errors
        )

    def add(self, record: Any) -> None:
        self.records.append(record)
        self._spent += spent_cost([record])
        self._progress.update(self._task, completed=len(self.records), text=self.text())
        now = time.monotonic()
        if self._progress.disable and (
            now - self._printed >= EVERY_SECONDS or len(self.records) == self.total
        ):
            self._printed = now
            rate = (len(self.records) - self._before) / (now - self._started)
            left = f"  {(self.total - len(self.records)) / rate:.0f} s left" if rate else ""
            print(
                f"{len(self.records)}/{self.total}  {self.text()}{left}",
                file=sys.stderr,
                flush=True,
            )


@contextmanager
def show_system_progress(start: "SystemStart") -> "Iterator[Callable[[QuestionResult], None]]":
    """Print which system of a comparison starts, and show its progress."""
    notify(f"{start.name} ({start.number} of {start.systems})")
    with EvaluationProgress(start.questions, start.results, start.rounds) as view:
        yield view.add


def print_table(
    settings: Mapping[str, Any],
    stages: Sequence[Stage],
    summary: "Summary",
    document: Mapping[str, Any],
) -> None:
    """Print the table on stdout, and the paths of the run's files on stderr."""
    print_summary(result_console(), settings, stages, summary)
    places = [f"records in {document['folder']}"]
    if document["mlflow"]:
        places.append(f"MLflow run {document['mlflow']['run']} (see it with: cope ui)")
    print("; ".join(places), file=sys.stderr)
