"""Log the summary of an evaluation to its MLflow run."""

import json
from typing import TYPE_CHECKING

import dspy

from ...models import Usage
from ...programs import System
from .store import RunStore
from .summary import Summary

if TYPE_CHECKING:
    from ...tracking import TrackerRun


def log_summary(
    run: "TrackerRun", summary: Summary, store: RunStore, system: System, table: str
) -> None:
    """Log metrics, results, table and program to the MLflow run."""
    run.log_metrics(summary_metrics(summary))
    run.log_artifact(store.results_file)
    run.log_text(table, "table.txt")
    run.log_text(json.dumps(summary.as_dict(), indent=1), "summary.json")
    if isinstance(system, dspy.Module):  # a system may have no prompts of its own
        run.log_text(json.dumps(system.dump_state(), indent=1, default=str), "program.json")


def summary_metrics(summary: Summary) -> dict[str, float | int | None]:
    """Return the metrics of a summary, as MLflow names them."""
    low, high = summary.interval
    metrics: dict[str, float | int | None] = {
        "accuracy": summary.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "questions": summary.n,
        "errors": summary.errors,
        "unreadable": summary.unreadable,
        "seconds_per_question": summary.seconds_per_question,
    }
    metrics |= _cost_metrics("usd", summary.total)
    metrics["cached_calls"] = summary.total.hits
    if summary.total.hits:
        metrics |= _cost_metrics("usd_now", summary.spent)
    for round_ in summary.rounds:
        name = f"round_{round_.round}"
        metrics[f"{name}.share"] = round_.share
        metrics[f"{name}.accuracy"] = round_.accuracy
        metrics |= _usage_metrics(name, round_.usage)
    for tier, usage in summary.tiers.items():
        metrics |= _usage_metrics(tier, usage)
    if summary.breakdown:
        metrics |= summary.breakdown.metrics()
    if summary.episodes:
        metrics |= summary.episodes.metrics()
    return metrics


def _usage_metrics(name: str, usage: Usage) -> dict[str, float | int | None]:
    metrics: dict[str, float | int | None] = {
        f"{name}.calls": usage.calls,
        f"{name}.prompt_tokens": usage.prompt_tokens,
        f"{name}.plan_tokens": usage.plan_tokens,
        f"{name}.answer_tokens": usage.answer_tokens,
        f"{name}.seconds": usage.machine_seconds,
    }
    return metrics | _cost_metrics(f"{name}.usd", usage)


def _cost_metrics(name: str, usage: Usage) -> dict[str, float | int | None]:
    """Return the cost under a name, and its bounds where they differ."""
    cost = usage.cost
    metrics: dict[str, float | int | None] = {name: cost.exact if usage.calls else None}
    if cost.exact is None and cost.high is not None:
        metrics[f"{name}_low"], metrics[f"{name}_high"] = cost.low, cost.high
    return metrics
