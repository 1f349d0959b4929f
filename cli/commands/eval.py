"""`cope eval`: a preset or program on a task, live, resumable, tracked."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from ...errors import CopeError
from ..calibrated import (
    calibrated_cascade,
    calibrated_replay,
    warn_of_questions,
)
from ..options import (
    NO_PROGRAM,
    calibration_option,
    compiled_in,
    early_stop_option,
    flattened,
    make_team,
    prepare,
    program_options,
    team_options,
)
from ..warnings import warn_of_settings


@click.command()
@click.argument("task", required=False)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most N questions, from the start."
)
@click.option("--split", default="test", show_default=True, help="Which part of the hub's set.")
@click.option(
    "--data", metavar="FILE", help="A local copy: JSONL, CSV or Parquet with question and answer."
)
@click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see. All is the paper's way, and scores on what was shown.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before this is spent; what is done is saved.",
)
@click.option(
    "--questions",
    type=click.IntRange(1),
    metavar="N",
    help="Questions in flight; the default keeps the models busy.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path(".cope/eval"),
    show_default=True,
    help="Folder of runs.",
)
@click.option("--fresh", is_flag=True, help="Forget what an earlier run of the same command left.")
@click.option("--no-track", is_flag=True, help="Do without MLflow.")
@click.option(
    "--store",
    metavar="URI",
    help="MLflow store. [default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db]",
)
@click.option(
    "--replay",
    metavar="RECORD",
    help="Answer from a file of cope record or cope import; no model is asked.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@program_options
@early_stop_option
@calibration_option
@team_options
@flattened
def command(task: str | None, **options: Any) -> None:
    """Evaluate on TASK: gsm8k, math500, mbpp, humaneval, or jsonl for your own questions.

    The same command goes on where an interrupted one stopped and asks nothing twice.
    """
    if options["replay"]:
        from ..eval_replay import show_replay

        return show_replay(task, calibrated_replay(options) if options["calibration"] else options)
    if task is None:
        raise click.UsageError("Missing argument 'TASK'.")
    from ...eval import RunStore, answer_kind_of, task_by_name

    chosen = task_by_name(task, visible=options["visible"], unsafe=options["unsafe_code"])
    team = make_team(options)
    cascade, file, certificate = calibrated_cascade(
        options, team, chosen.domain, chosen.name, shown=chosen.shown
    )
    cascade = cascade.with_answer_kind(answer_kind_of(chosen))
    examples = chosen.load(options["split"], options["limit"], options["data"])
    warn_of_questions(certificate, chosen.name, ((e.question, e.answer) for e in examples))
    origin = origin_of(file, examples) | {
        "calibration": str(options["calibration"]) if certificate else None
    }
    warn_of_settings(compiled_in(file) if file else {}, {**options, "shown": chosen.shown})
    folder = RunStore(settings_of(chosen, options, cascade), options["runs"])
    with folder.open(options["fresh"]):
        prepare(team, cascade.preset.tiers)
        stopped = _run(chosen, examples, cascade, folder, options, origin)
    if stopped:
        raise CopeError(stopped)


def origin_of(file: Path | None, examples: list[Any]) -> dict[str, Any]:
    """Where the program comes from, and how many of the questions it has met; what it has met is said on stderr."""
    from ...eval import seen_by

    seen = seen_by(compiled_in(file), examples) if file else None
    if seen and seen.words:
        click.echo(f"warning: {seen.words}", err=True)
    return {"program_file": str(file) if file else None, "seen": seen.as_dict() if seen else None}


def settings_of(task: Any, options: Mapping[str, Any], cascade: Any) -> dict[str, Any]:
    """All that decides a run's outcome; the same settings find the same folder."""
    from ...util.hashing import digest

    return {
        "task": task.name,
        **({"shown": task.shown} if task.shown else {}),
        "split": options["split"],
        "data": Path(options["data"]).name if options["data"] else None,
        "preset": cascade.preset.name,
        "program": digest(cascade.dump_state()),
        "models": {tier: cascade.team[tier].model for tier in cascade.preset.tiers},
        "seed": cascade.seed,
        "early_stop": cascade.early_stop,
        **{name: options[name] for name in ("adapter", "max_tokens", "context")},
    }


def _run(
    task: Any,
    examples: list[Any],
    cascade: Any,
    folder: Any,
    options: Mapping[str, Any],
    origin: dict[str, Any],
) -> str | None:
    """Ask, record, track and print; returns why questions are left, or that some failed, if so."""
    from ...eval import evaluate, large_alone, summarise
    from ..display.evaluation import LiveView, print_table

    with ExitStack() as stack:
        tracked, around = _tracking(stack, examples, cascade, folder, options, origin)
        view = stack.enter_context(
            LiveView(len(examples), list(folder.results.values()), len(cascade.preset.rounds))
        )
        work = evaluate(
            task,
            examples,
            cascade,
            folder,
            in_flight=options["questions"],
            budget=options["budget"],
            finished=view.add,
            **around,
        )
        outcome = asyncio.run(work)
        beside = large_alone(
            options["runs"], folder.settings, outcome.records, cascade.team["large"].model
        )
        summary = summarise(outcome.records, len(cascade.preset.rounds), beside)
        if tracked:
            _log(tracked, summary, folder, cascade)
    document = {
        **folder.settings,
        **origin,
        **summary.as_dict(),
        "folder": str(folder.path),
        "stopped": outcome.stopped,
        "mlflow": {"run": tracked.id, "store": tracked.uri} if tracked else None,
        "failed": [{"id": r.id, "error": r.error} for r in outcome.records if r.error],
    }
    if options["as_json"]:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_table(folder.settings, cascade, summary, document)
    if summary.errors and not outcome.stopped:
        first = next(r for r in outcome.records if r.error)
        failed = f"a model failed on {summary.errors} of {len(examples)} questions, first on {first.id} ({first.error})"
        return f"{failed}; the same command asks them again"
    return outcome.stopped


def _tracking(
    stack: ExitStack,
    examples: list[Any],
    cascade: Any,
    folder: Any,
    options: Mapping[str, Any],
    origin: dict[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """The MLflow run, opened again if this run had one, and the span around each question."""
    if options["no_track"]:
        return None, {}
    from ...tracking import question_span, tracked
    from ...util.hashing import digest

    settings = {
        **folder.settings,
        "questions": len(examples),
        "data_fingerprint": digest([(e.question, e.answer) for e in examples]),
        "thresholds": [r.threshold for r in cascade.preset.rounds if r.threshold is not None],
        "samples": [r.samples for r in cascade.preset.rounds],
    }
    params = {f"model.{tier}": model for tier, model in settings.pop("models").items()} | settings
    tags = {"folder": str(folder.path), "program_file": origin["program_file"] or NO_PROGRAM}
    tags |= {"calibration": origin["calibration"]} if origin["calibration"] else {}
    tags |= {f"program_met.{name}": str(count) for name, count in (origin["seen"] or {}).items()}
    run = stack.enter_context(
        tracked(
            f"cope-{settings['task']}",
            f"{settings['preset']}",
            params,
            tags,
            folder.metadata().get("mlflow_run"),
            options["store"],
        )
    )
    # An address may hold a password, which is nothing for a file.
    folder.update_metadata(
        mlflow_run=run.id, mlflow_store=None if urlsplit(run.uri).password else run.uri
    )
    return run, {"around": lambda example: question_span(example.id, example.question)}


def _log(run: Any, summary: Any, folder: Any, cascade: Any) -> None:
    """Figures, records, table and program to the MLflow run."""
    from ..display.evaluation import table_text

    low, high = summary.interval
    figures = {
        "accuracy": summary.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "questions": summary.n,
        "errors": summary.errors,
        "unreadable": summary.unreadable,
        "seconds_per_question": summary.seconds_per_question,
        "usd": summary.total.usd if not summary.total.unpriced else None,
    }
    for round_ in summary.rounds:
        name = f"round_{round_.round}"
        figures |= {
            f"{name}.share": round_.share,
            f"{name}.accuracy": round_.accuracy,
            **_spent(name, round_.spent),
        }
    for tier, spent in summary.tiers.items():
        figures |= _spent(tier, spent)
    run.metrics(figures)
    run.artifact(folder.results_file)
    run.text(table_text(folder.settings, cascade, summary), "table.txt")
    run.text(json.dumps(summary.as_dict(), indent=1), "summary.json")
    run.text(json.dumps(cascade.dump_state(), indent=1, default=str), "program.json")


def _spent(name: str, spent: Any) -> dict[str, float | None]:
    return {
        f"{name}.calls": spent.calls,
        f"{name}.prompt_tokens": spent.prompt_tokens,
        f"{name}.plan_tokens": spent.plan_tokens,
        f"{name}.answer_tokens": spent.answer_tokens,
        f"{name}.usd": spent.usd if not spent.unpriced else None,
        f"{name}.seconds": spent.seconds,
    }
