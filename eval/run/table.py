"""The table of an evaluation as text."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rich.console import Console

from ...answers.kinds.registry import compares_texts, comparison_sentence
from ...models import Usage
from ...models.reprice import describe_prices
from ...programs.confidence.early_stopping import HEURISTIC_RULES
from ...programs.systems.registry import SYSTEMS
from ...programs.systems.stage import Stage
from ...util.result_table import ResultTable
from ...util.tables import models_text, new_table, percent, plain_text, print_sentence
from ...util.text import plural
from .summary import Summary

_WIDTH = 140
_COLUMNS = (
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


def summary_text(settings: Mapping[str, Any], stages: Sequence[Stage], summary: Summary) -> str:
    """Return the summary of an evaluation as plain text, see `print_summary`."""
    render = partial(print_summary, settings=settings, stages=stages, summary=summary)
    return plain_text(render, _WIDTH)


def print_summary(
    console: Console, settings: Mapping[str, Any], stages: Sequence[Stage], summary: Summary
) -> None:
    """Print the summary of an evaluation: its table and the sentences below.

    Args:
        console: prints the text.
        settings: the settings of the run, with `answer_kind` and `program_file` if they are known.
        stages: the stages of the system.
        summary: the summary.
    """
    print_sentence(console, _heading(settings), (settings["task"], settings["preset"]))
    for line in scoring_notes(settings):
        print_sentence(console, line)
    if summary.prices:
        print_sentence(console, describe_prices(summary.prices))
    console.print(_table(stages, summary))
    if summary.n:
        print_sentence(console, _accuracy_sentence(summary))
    if summary.repeats:
        print_sentence(console, f"{summary.repeats.text}.")
    if summary.breakdown:
        console.print(summary.breakdown.table())
    if summary.replies and summary.replies.text():
        print_sentence(console, summary.replies.text())
    if summary.hedging:
        print_sentence(console, summary.hedging.text())
    if summary.time:
        print_sentence(console, summary.time.text())
    if summary.give_up:
        print_sentence(console, summary.give_up.text())
    if summary.episodes:
        print_sentence(console, summary.episodes.text())
    if summary.judge:
        print_sentence(console, summary.judge.text())
    if summary.ranked:
        print_sentence(console, _ranks_sentence(settings))
    early_stop = _early_stop_sentence(settings.get("early_stop"), summary.total)
    for sentence in (early_stop, cache_sentence(summary)):
        if sentence:
            print_sentence(console, sentence)


def _heading(settings: Mapping[str, Any]) -> str:
    task, name = settings["task"], settings["preset"]
    what = "system" if name in SYSTEMS else "preset"
    models = models_text(settings["models"])
    file = settings.get("program_file")
    program = f", program {file}" if file else ""
    return f"{task} with {what} {name}{program}: {models}"


def scoring_notes(settings: Mapping[str, Any]) -> list[str]:
    """Return which tests models see, and how answers are compared, as lines.

    Args:
        settings: the settings of a run, or the document of a comparison.
    """
    lines = []
    if settings.get("shown"):
        lines.append(settings["shown"])
    kind = settings.get("answer_kind")
    if kind and compares_texts(kind):
        lines.append(comparison_sentence(kind))
    return lines


def _table(stages: Sequence[Stage], summary: Summary) -> ResultTable:
    table = new_table(_COLUMNS, left=("round",))
    for round_ in summary.rounds:
        stage = stages[round_.round - 1]
        table.add_row(
            f"{stage.number} {stage.label}",
            percent(round_.share),
            _accuracy(round_.accuracy, round_.answered),
            *_usage_cells(round_.usage),
        )
    for tier, usage in summary.tiers.items():
        table.add_row(f"{tier} tier", "", "", *_usage_cells(usage))
    share = percent(1.0 if summary.n else None)
    accuracy = _accuracy(summary.accuracy, summary.n)
    table.add_row("all", share, accuracy, *_usage_cells(summary.total), style="bold")
    if summary.total.hits:
        table.add_row("all, without the cached", "", "", *_usage_cells(summary.spent))
    baseline = summary.baseline
    if baseline:
        accuracy = _accuracy(baseline.accuracy, summary.n)
        table.add_row(f"{baseline.tier} alone", "", accuracy, *_usage_cells(baseline.usage))
    return table


def _accuracy(value: float | None, questions: int) -> str:
    """Format an accuracy: unknown without right answers, a dash without questions."""
    return "unknown" if value is None and questions else percent(value)


def _usage_cells(usage: Usage) -> list[str]:
    counts = (usage.calls, usage.prompt_tokens, usage.plan_tokens, usage.answer_tokens)
    cells = ["unknown" if count is None else f"{count:,}" for count in counts]
    seconds = usage.machine_seconds
    cells.append(_cost(usage))
    cells.append("unknown" if seconds is None else f"{seconds:.1f}")
    return cells


def _cost(usage: Usage) -> str:
    """Format the cost of calls as far as it is known; a dash without calls."""
    return usage.cost.cell if usage.calls else "-"


def cache_sentence(summary: Summary) -> str | None:
    """Return what the run cost, where a cache answered some of its calls; None where it did not."""
    total = summary.total
    if not total.hits:
        return None
    return (
        f"{total.hits:,} of {plural(total.calls, 'call')} came from the cache: the run cost "
        f"{summary.spent.cost.text}, and would cost {total.cost.text} without it, "
        "as the table counts"
    )


def _accuracy_sentence(summary: Summary) -> str:
    counts = [f"n = {summary.n}"]
    if summary.unreadable:
        counts.append(f"{summary.unreadable} without a readable answer")
    if summary.errors:
        counts.append(f"{summary.errors} errors")
    if summary.accuracy is None:
        accuracy = f"accuracy unknown, without right answers ({', '.join(counts)})"
    else:
        low, high = summary.interval
        interval = f"95% interval {low:.1%} to {high:.1%}"
        accuracy = f"accuracy {summary.accuracy:.1%} ({interval}, {', '.join(counts)})"
    seconds = summary.seconds_per_question
    if seconds is None:
        return f"{accuracy}; model time unknown"
    return f"{accuracy}; {seconds:.1f} s of model time a question"


def _ranks_sentence(settings: Mapping[str, Any]) -> str:
    """Return among which questions answers were ranked."""
    among = "the questions of this run seen so far, so the first ones are ranked among few"
    if settings.get("ranks"):
        among = f"the questions of {settings['ranks']}"
    return f"a threshold of 0.4 escalates the worst 40%, ranked among {among}"


def _early_stop_sentence(rule: str | None, usage: Usage) -> str | None:
    """Return how many calls were stopped early, and why; None for none under an exact rule."""
    is_heuristic = rule in HEURISTIC_RULES
    if usage.cancelled:
        why = "their votes could change nothing"
        if is_heuristic:
            why = f"by {rule}, which may decide otherwise"
        sentence = f"{usage.cancelled} calls were stopped early: {why}"
        if usage.unreported_completion:
            most = plural(usage.unreported_completion, "token")
            sentence += f"; they may have written up to {most} more than the table counts"
        return sentence
    if is_heuristic:
        return f"no call was stopped early by {rule}"
    return None
