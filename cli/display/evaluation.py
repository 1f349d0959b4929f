"""The progress of an evaluation on stderr, and its table on stdout."""

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ...answers.kinds.registry import comparison_sentence
from ...programs.confidence.early_stopping import HEURISTIC_RULES
from ...programs.systems.registry import SYSTEMS
from ...programs.systems.stage import Stage
from ...util.text import format_usd as dollars
from ..output import notify
from .tables import WIDTH, models_text, new_table, percent, result_console

if TYPE_CHECKING:
    from ...eval.comparison.request import SystemStart
    from ...eval.run.store import QuestionResult

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
        self.records = list(done)
        self._started, self._printed, self._before = time.monotonic(), 0.0, len(self.records)
        self._console = Console(stderr=True)
        self._progress = Progress(
            BarColumn(24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(
            "", total=total, completed=len(self.records), text=self.text()
        )

    def __enter__(self) -> Self:
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

    def text(self) -> str:
        good = [r for r in self.records if r.error is None]
        if not good:
            return "waiting for the first answer"
        scores = [r.score for r in good]
        accuracy = "unknown" if None in scores else f"{sum(scores) / len(good):.1%}"
        shares = "/".join(
            f"{sum(r.round == n for r in good) / len(good):.0%}" for n in range(1, self.rounds + 1)
        )
        known = [r.usd for r in good if r.usd is not None]
        spend = f"  ${sum(known):.4f}" if known else ""
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


def money(spent: Any) -> str:
    """Format the cost of some calls, as far as it is known; a dash where there are no calls."""
    if spent.usd is None:
        return "unknown" if spent.calls else "-"
    return f"at least {dollars(spent.usd)}" if spent.unpriced else dollars(spent.usd)


def _accuracy(value: float | None, questions: int) -> str:
    """Format an accuracy: unknown without right answers, a dash without questions."""
    return "unknown" if value is None and questions else percent(value)


def _table(stages: Sequence[Stage], summary: Any) -> Table:
    names = (
        "round",
        "share",
        "accuracy",
        "calls",
        "prompt tokens",
        "plan tokens",
        "answer tokens",
        "money",
        "seconds",
    )
    table = new_table(names, left=("round",))
    for round_ in summary.rounds:
        stage = stages[round_.round - 1]
        accuracy = _accuracy(round_.accuracy, round_.answered)
        table.add_row(
            f"{stage.number} {stage.label}",
            percent(round_.share),
            accuracy,
            *_cells(round_.usage),
        )
    table.add_section()
    for tier, spent in summary.tiers.items():
        table.add_row(f"{tier} tier", "", "", *_cells(spent))
    all_of, accuracy = percent(1.0 if summary.n else None), _accuracy(summary.accuracy, summary.n)
    table.add_row("all", all_of, accuracy, *_cells(summary.total), style="bold")
    if beside := summary.baseline:
        table.add_row(
            f"{beside.tier} alone",
            "",
            _accuracy(beside.accuracy, summary.n),
            *_cells(beside.usage),
        )
    return table


def _cells(spent: Any) -> tuple[str, ...]:
    counts = (spent.calls, spent.prompt_tokens, spent.plan_tokens, spent.answer_tokens)
    tokens = ("unknown" if n is None else f"{n:,}" for n in counts)
    return (
        *tokens,
        money(spent),
        "unknown" if spent.machine_seconds is None else f"{spent.machine_seconds:.1f}",
    )


def _print(
    console: Console, settings: Mapping[str, Any], stages: Sequence[Stage], summary: Any
) -> None:
    models = models_text(settings["models"])
    kind = "system" if settings["preset"] in SYSTEMS else "preset"
    console.print(
        f"[bold]{settings['task']}[/bold] with {kind} [bold]{settings['preset']}[/bold]: {models}",
        highlight=False,
    )
    if shown := settings.get("shown"):
        console.print(shown, highlight=False)
    kind = settings.get("answer_kind")
    if kind and kind != "code":
        console.print(comparison_sentence(kind), highlight=False)
    console.print(_table(stages, summary))
    low, high = summary.interval
    errors = f", {summary.errors} errors" if summary.errors else ""
    unread = f", {summary.unreadable} without a readable answer" if summary.unreadable else ""
    if summary.n:
        found = "accuracy unknown, without right answers ("
        if summary.accuracy is not None:
            found = f"accuracy {summary.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}, "
        text = f"{found}n = {summary.n}{unread}{errors})"
        time_ = summary.seconds_per_question
        words = "model time unknown" if time_ is None else f"{time_:.1f} s of model time a question"
        console.print(f"{text}; {words}", highlight=False)
    if summary.replies and summary.replies.text():
        console.print(summary.replies.text(), highlight=False)
    rule = settings.get("early_stop")
    why = (
        f"by {rule}, which may decide otherwise"
        if rule in HEURISTIC_RULES
        else "their votes could change nothing"
    )
    if summary.total.cancelled:
        console.print(f"{summary.total.cancelled} calls were stopped early: {why}", highlight=False)
    elif rule in HEURISTIC_RULES:
        console.print(f"no call was stopped early by {rule}", highlight=False)


def table_text(settings: Mapping[str, Any], stages: Sequence[Stage], summary: Any) -> str:
    """Return the table as plain text."""
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True)
    _print(console, settings, stages, summary)
    return console.file.getvalue()  # type: ignore[attr-defined]


def print_table(
    settings: Mapping[str, Any],
    stages: Sequence[Stage],
    summary: Any,
    document: Mapping[str, Any],
) -> None:
    """Print the table on stdout, and where the run's files are on stderr."""
    console = result_console()
    _print(console, settings, stages, summary)
    places = [f"records in {document['folder']}"]
    if document["mlflow"]:
        places.append(f"MLflow run {document['mlflow']['run']} (see it with: cope ui)")
    print("; ".join(places), file=sys.stderr)
