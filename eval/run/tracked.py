"""Evaluate a system and log the evaluation to MLflow."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dspy

from ...models import Team
from ...programs import System, baseline_tier
from ...tracking.names import run_name
from ...util.hashing import digest
from ..tasks.base import Task
from .baseline_run import find_baseline_run
from .by_field import break_down, save_values, values_by_key
from .evaluate import EvaluationOutcome, evaluate
from .options import RunOptions
from .store import QuestionResult, RunStore
from .summary import Summary, summarize, with_time
from .summary_log import log_summary
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
        models = {name: team[name].model for name in system.tiers}
        summary = with_time(summary, outcome.results, models, tier)
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
