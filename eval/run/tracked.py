"""Evaluate a system and log the evaluation to MLflow."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dspy

from ...models import Team, Usage
from ...programs import Cascade, System, baseline_tier
from ...programs.compile_metadata import read_compile_metadata
from ...programs.options import TeamOptions
from ...tracking.names import run_name
from ...util.hashing import digest
from ..tasks.base import Task
from .by_field import break_down, save_values, values_by_key
from .contamination import count_overlap
from .evaluate import EvaluationOutcome, evaluate
from .options import DataOptions, RunOptions
from .store import QuestionResult, RunStore
from .summary import Summary, find_baseline_run, summarize
from .table import summary_text

if TYPE_CHECKING:
    from ...tracking import Tracker, TrackerRun


@dataclass(frozen=True)
class TrackedEvaluation:
    """An evaluation with its summary.

    Attributes:
        outcome: the results, and why some questions were not asked.
        summary: the summary of the results.
        run: the MLflow run; None without tracking.
    """

    outcome: EvaluationOutcome
    summary: Summary
    run: "TrackerRun | None"


def question_settings(task: Task, data: DataOptions) -> dict[str, Any]:
    """Return the settings that decide which questions are asked and what models see of them."""
    settings: dict[str, Any] = {"task": task.name}
    if task.test_visibility:
        settings["shown"] = task.test_visibility
    if data.task_file is not None:
        settings["task_file"] = data.task_file.digest
    settings["split"] = data.split
    settings["data"] = data.data_name
    if data.columns is not None:
        settings["columns"] = data.columns.as_dict()
    return settings


def run_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, team: Team, system: System
) -> dict[str, Any]:
    """Return all settings that decide the results of a run, and so its folder.

    Args:
        task: the task.
        data: the options of the questions.
        team_options: the options of the team.
        team: the tiers.
        system: answers the questions.
    """
    settings = question_settings(task, data)
    settings["preset"] = system.name
    settings["program"] = system.fingerprint()
    settings["models"] = {tier: team[tier].model for tier in system.tiers}
    settings = system.settings() | settings
    return settings | team_options.request_settings()


def program_origin(
    file: Path | None,
    examples: Sequence[dspy.Example],
    notify: Callable[[str], None],
    task: str | None = None,
) -> dict[str, Any]:
    """Return the file of a program or system, and how many of the questions it was made from.

    Args:
        file: the file of the program or trained system; None for a preset.
        examples: the questions.
        notify: receives a warning if the program was compiled on some of the questions, or a system
            was trained for another task.
        task: the task's name.
    """
    if file is None:
        return {"program_file": None, "seen": None}
    metadata = read_compile_metadata(file)
    if metadata.get("system") and task not in (None, metadata["task"]):
        notify(
            f"warning: {file} was trained for {metadata['task']}, and these questions are of "
            f"{task}: train it on such questions to measure what it can do"
        )
    overlap = count_overlap(metadata, list(examples))
    if overlap and overlap.summary:
        notify(f"warning: {overlap.summary}")
    return {"program_file": str(file), "seen": overlap.as_dict() if overlap else None}


def warn_about_pregate(
    system: System, examples: Sequence[dspy.Example], notify: Callable[[str], None]
) -> None:
    """Warn when the router before a cascade's rounds was trained on some of the questions."""
    if not isinstance(system, Cascade) or system.preset.pregate is None:
        return
    file = Path(system.preset.pregate.file)
    overlap = count_overlap(read_compile_metadata(file), list(examples))
    if overlap and overlap.summary:
        notify(f"warning: {file}: {overlap.summary}")


def evaluate_tracked(
    task: Task,
    examples: list[dspy.Example],
    team: Team,
    system: System,
    store: RunStore,
    options: RunOptions,
    origin: Mapping[str, Any],
    *,
    on_result: Callable[[QuestionResult], None],
    tracker: "Tracker",
    groups: Mapping[str, str] | None = None,
    by: str | None = None,
) -> TrackedEvaluation:
    """Ask the questions without a result, summarize all results, and log the run to MLflow.

    Args:
        task: scores the answers.
        examples: the questions.
        team: the tiers.
        system: answers the questions.
        store: the open folder of the run.
        options: how the run is made.
        origin: the result of `program_origin`, with the file of a calibration under `calibration`.
        on_result: receives every new result.
        tracker: logs the run.
        groups: see `summarize`.
        by: the field of the rows by which the results are broken down.
    """
    values: dict[str, str] = {}
    if by is not None:
        values = values_by_key(examples, by)
        save_values(store, by, values)
    store.update_metadata(program_file=origin["program_file"])
    with ExitStack() as stack:
        run: TrackerRun | None = None
        if options.track:
            run = open_tracked_run(stack, tracker, examples, system, store, options.store, origin)

        def question_context(example: dspy.Example) -> AbstractContextManager[None]:
            if not options.track:
                return nullcontext()
            return tracker.question_span(example.id, example.question)

        evaluation = evaluate(
            task,
            examples,
            system,
            store,
            in_flight=options.questions,
            budget=options.budget,
            on_result=on_result,
            question_context=question_context,
            prices=team.prices,
        )
        outcome = asyncio.run(evaluation)
        tier = baseline_tier(system, team)
        model = team[tier].model
        baseline = find_baseline_run(
            options.directory, store.settings, outcome.results, model, tier, outcome.prices
        )
        stages = len(system.stages)
        summary = summarize(outcome.results, stages, baseline, groups, outcome.prices)
        if by is not None:
            parts = break_down(by, values, outcome.results, stages, groups, outcome.prices)
            summary = replace(summary, breakdown=parts)
        if run:
            settings = store.settings | dict(origin)
            table = summary_text(settings, system.stages, summary)
            log_summary(run, summary, store, system, table)
    return TrackedEvaluation(outcome, summary, run)


def open_tracked_run(
    stack: ExitStack,
    tracker: "Tracker",
    examples: Sequence[dspy.Example],
    system: System,
    store: RunStore,
    uri: str | None,
    origin: Mapping[str, Any],
) -> "TrackerRun":
    """Open the MLflow run of an evaluation: the earlier one, if the folder of the run names one.

    Args:
        stack: closes the run.
        tracker: opens the run.
        examples: the questions.
        system: answers the questions.
        store: the open folder of the run.
        uri: the URI of the MLflow store; None for the default one.
        origin: see `evaluate_tracked`.
    """
    settings = dict(store.settings)
    settings["questions"] = len(examples)
    settings["answer_kind"] = origin.get("answer_kind")
    settings["data_fingerprint"] = digest([(e.question, e.answer) for e in examples])
    thresholds = [stage.threshold for stage in system.stages if stage.threshold is not None]
    settings["thresholds"] = thresholds
    settings["samples"] = [stage.samples for stage in system.stages]
    models = settings.pop("models")
    params = {f"model.{tier}": model for tier, model in models.items()} | settings
    tags = {"folder": str(store.path), "program_file": origin["program_file"] or "none"}
    if origin.get("calibration"):
        tags["calibration"] = origin["calibration"]
    for name, count in (origin["seen"] or {}).items():
        tags[f"program_met.{name}"] = str(count)
    name = run_name(
        settings["task"],
        [origin["program_file"] or settings["preset"]],
        settings.get("data") or settings.get("split"),
    )
    run = stack.enter_context(
        tracker.open(
            f"cope-{settings['task']}",
            name,
            params,
            tags=tags,
            run_id=store.metadata().get("mlflow_run"),
            store=uri,
        )
    )
    # A URI may contain a password, which must not be written to a file.
    public = None if urlsplit(run.uri).password else run.uri
    store.update_metadata(mlflow_run=run.id, mlflow_store=public)
    return run


def log_summary(
    run: "TrackerRun", summary: Summary, store: RunStore, system: System, table: str
) -> None:
    """Log metrics, results, table and program to the MLflow run."""
    run.log_metrics(_metrics(summary))
    run.log_artifact(store.results_file)
    run.log_text(table, "table.txt")
    run.log_text(json.dumps(summary.as_dict(), indent=1), "summary.json")
    if isinstance(system, dspy.Module):  # a system may have no prompts of its own
        run.log_text(json.dumps(system.dump_state(), indent=1, default=str), "program.json")


def _metrics(summary: Summary) -> dict[str, float | int | None]:
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
