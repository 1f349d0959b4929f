"""An evaluation run with its MLflow run: its settings, where its program comes from, what is logged."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dspy

from ...models import Team, Usage
from ...programs import System, baseline_tier
from ...programs.compile_metadata import read_compile_metadata
from ...programs.resolve import TeamOptions
from ...util.hashing import digest
from ..tasks.base import Task
from .contamination import count_overlap
from .evaluate import EvaluationOutcome, evaluate
from .options import DataOptions, RunOptions
from .store import QuestionResult, RunStore
from .summary import Summary, find_baseline_run, summarize

if TYPE_CHECKING:
    from ...tracking import Tracker, TrackerRun


@dataclass(frozen=True)
class TrackedEvaluation:
    """Hold what an evaluation gave.

    Attributes:
        outcome: the questions' records, and why questions are left.
        summary: the figures of the records.
        run: the MLflow run; None without tracking.
    """

    outcome: EvaluationOutcome
    summary: Summary
    run: "TrackerRun | None"


def question_settings(task: Task, data: DataOptions) -> dict[str, Any]:
    """Return what decides which questions are asked and what models see of them."""
    settings: dict[str, Any] = {"task": task.name}
    if task.test_visibility:
        settings["shown"] = task.test_visibility
    settings["split"] = data.split
    settings["data"] = data.data_name
    return settings


def run_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, team: Team, system: System
) -> dict[str, Any]:
    """Return all that decides a run's outcome; the same settings find the same folder.

    Args:
        task: scores the answers.
        data: names the questions.
        team_options: those of the team.
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
    file: Path | None, examples: Sequence[dspy.Example], notify: Callable[[str], None]
) -> dict[str, Any]:
    """Return the program's file, and how many of the questions it was compiled on.

    Args:
        file: the program's file; None for a preset as it is.
        examples: the questions.
        notify: receives a warning when the program was compiled on some of them.
    """
    seen = count_overlap(read_compile_metadata(file), list(examples)) if file else None
    if seen and seen.summary:
        notify(f"warning: {seen.summary}")
    return {
        "program_file": str(file) if file else None,
        "seen": seen.as_dict() if seen else None,
    }


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
    table: Callable[[Summary], str],
    tracker: "Tracker",
) -> TrackedEvaluation:
    """Ask the questions that are left, record and summarize them, and log the run to MLflow.

    Args:
        task: scores the answers.
        examples: the questions.
        team: the tiers.
        system: answers them.
        store: the run's folder, opened.
        options: how the run is made.
        origin: see `program_origin`; under `calibration` the file of one.
        on_result: receives every new record.
        table: formats the summary for MLflow.
        tracker: keeps the run.
    """
    with ExitStack() as stack:
        run: TrackerRun | None = None
        if options.track:
            run = open_tracked_run(stack, tracker, examples, system, store, options.store, origin)

        def question_context(example: dspy.Example) -> AbstractContextManager[None]:
            if not options.track:
                return nullcontext()
            return tracker.question_span(example.id, example.question)

        work = evaluate(
            task,
            examples,
            system,
            store,
            in_flight=options.questions,
            budget=options.budget,
            on_result=on_result,
            question_context=question_context,
        )
        outcome = asyncio.run(work)
        last = baseline_tier(system, team)
        model = team[last].model
        baseline = find_baseline_run(
            options.directory, store.settings, outcome.results, model, last
        )
        summary = summarize(outcome.results, len(system.stages), baseline)
        if run:
            log_summary(run, summary, store, system, table(summary))
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
    """Open the MLflow run of an evaluation, again the same one where this folder had one."""
    settings = dict(store.settings)
    settings["questions"] = len(examples)
    settings["data_fingerprint"] = digest([(e.question, e.answer) for e in examples])
    thresholds = [stage.threshold for stage in system.stages if stage.threshold is not None]
    settings["thresholds"] = thresholds
    settings["samples"] = [stage.samples for stage in system.stages]
    params = {f"model.{tier}": model for tier, model in settings.pop("models").items()}
    params |= settings
    tags = {"folder": str(store.path), "program_file": origin["program_file"] or "none"}
    if origin.get("calibration"):
        tags["calibration"] = origin["calibration"]
    for name, count in (origin["seen"] or {}).items():
        tags[f"program_met.{name}"] = str(count)
    run = stack.enter_context(
        tracker.open(
            f"cope-{settings['task']}",
            f"{settings['preset']}",
            params,
            tags,
            store.metadata().get("mlflow_run"),
            uri,
        )
    )
    # An address may hold a password, which must not get into a file.
    public = None if urlsplit(run.uri).password else run.uri
    store.update_metadata(mlflow_run=run.id, mlflow_store=public)
    return run


def log_summary(
    run: "TrackerRun", summary: Summary, store: RunStore, system: System, table: str
) -> None:
    """Log figures, records, table and program to the MLflow run."""
    run.log_metrics(dict(_metrics(summary)))
    run.log_artifact(store.results_file)
    run.log_text(table, "table.txt")
    run.log_text(json.dumps(summary.as_dict(), indent=1), "summary.json")
    if isinstance(system, dspy.Module):  # a system may have no prompts of its own
        run.log_text(json.dumps(system.dump_state(), indent=1, default=str), "program.json")


def _metrics(summary: Summary) -> Iterator[tuple[str, float | int | None]]:
    low, high = summary.interval
    yield "accuracy", summary.accuracy
    yield "accuracy_low", low
    yield "accuracy_high", high
    yield "questions", summary.n
    yield "errors", summary.errors
    yield "unreadable", summary.unreadable
    yield "seconds_per_question", summary.seconds_per_question
    yield "usd", _known_usd(summary.total)
    for round_ in summary.rounds:
        name = f"round_{round_.round}"
        yield f"{name}.share", round_.share
        yield f"{name}.accuracy", round_.accuracy
        yield from _usage_metrics(name, round_.usage)
    for tier, spent in summary.tiers.items():
        yield from _usage_metrics(tier, spent)


def _usage_metrics(name: str, spent: Usage) -> Iterator[tuple[str, float | int | None]]:
    yield f"{name}.calls", spent.calls
    yield f"{name}.prompt_tokens", spent.prompt_tokens
    yield f"{name}.plan_tokens", spent.plan_tokens
    yield f"{name}.answer_tokens", spent.answer_tokens
    yield f"{name}.usd", _known_usd(spent)
    yield f"{name}.seconds", spent.machine_seconds


def _known_usd(spent: Usage) -> float | None:
    return None if spent.unpriced else spent.usd
