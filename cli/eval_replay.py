"""`cope eval --replay RECORD`: the table of a live run, from a record and without a model."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from ..programs.early_stop import INEXACT, NONE
from .options import NO_PROGRAM, given, own_program

if TYPE_CHECKING:
    from ..eval import LargeAlone, Record, Recording, Replay

# What a record has settled; another value would need other calls.
_SETTLED = {
    "split": "--split", "data": "--data", "visible": "--visible", "budget": "--budget", "questions": "--questions",
    "runs": "--runs", "fresh": "--fresh", "store": "--store", "small": "--small", "large": "--large", "tiers": "--tier",
    "limits": "--in-flight", "context": "--context", "max_tokens": "--max-tokens", "adapter": "--adapter",
    "no_cache": "--no-cache", "weights": "--weights", "unsafe_code": "--unsafe-code", "seed": "--seed",
}  # fmt: skip


def show_replay(task: str | None, options: Mapping[str, Any]) -> None:
    """Replay a record with the options' preset, thresholds, samples and prices, and print the table or JSON.

    Raises:
        click.UsageError: for options that a record has settled.
        CopeError: for a file that is no record, or of another task.
    """
    from ..eval import Recording, Replay, replay_records, summarise
    from ..eval.statistics import bounds_of
    from .eval_view import percent, print_table

    refuse_settled()
    if options["early_stop"] in INEXACT:
        raise click.UsageError(
            f"A replay counts all samples, and {options['early_stop']} would not: leave out --early-stop, or see what it changes "
            "with cope calibrate RECORD --stop-report."
        )
    record = Recording.open(options["replay"])
    if task not in (None, record.manifest.task):
        raise CopeError(f"{record.name} is a record of {record.manifest.task}, not of {task}")
    replay = Replay(
        record, _program(record, options), samples=options["samples"], thresholds=options["thresholds"] or (),
        prices=dict(options["prices"]),
    )  # fmt: skip
    made = replay_records(replay, options["limit"])
    beside = _large_alone(replay, made.records, dict(options["prices"]))
    summary = summarise(made.records, len(replay.preset.rounds), beside)
    settings = _settings(replay)
    right, unknown = sum(record.score or 0.0 for record in made.records), sum(made.unknown.values())
    low, high = bounds_of(right, len(made.records), unknown)
    document = {
        **settings, **summary.as_dict(), "replayed": str(record.name), "unknown": made.unknown, "accuracy_bounds": [low, high],
        "folder": str(record.name), "stopped": None, "mlflow": None, "failed": record.manifest.failed,
    }  # fmt: skip
    if options["as_json"]:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    print_table(settings, SimpleNamespace(preset=replay.preset), summary, document)
    for why, count in made.unknown.items():
        click.echo(f"{count} questions are not in the table: {why}")
    if made.unknown:
        count = len(made.records) + sum(made.unknown.values())
        click.echo(f"accuracy over all {count} questions is between {percent(low)} and {percent(high)}")


def refuse_settled() -> None:
    """Refuse options of the running command that a record has settled.

    Raises:
        click.UsageError: for the first of them.
    """
    if settled := [flag for name, flag in _SETTLED.items() if given(name)]:
        raise click.UsageError(f"--replay asks no model, and the record has settled the rest: leave out {settled[0]}.")


def _program(record: "Recording", options: Mapping[str, Any]) -> Any:
    """The program that the same options would have made a live run use: the record's own where none is named."""
    from ..eval.replay_match import Program

    if file := own_program(options):
        return Program.named(file, record.domain)
    return preset_in(record, options["preset"], options["program"] == NO_PROGRAM) if given("preset") else None


def preset_in(record: "Recording", name: str, plain: bool) -> Any:
    """A preset for a replay; unless `plain`, the compiled program that comes with the package for it, where there is one."""
    from ..eval.replay_match import Program
    from ..programs import load_preset
    from ..programs.shipped import shipped

    preset = load_preset(name)
    if not plain and not record.imported:
        context = record.manifest.settings.get("context")
        found = shipped(preset, record.manifest.task, record.models, record.domain, context=context)
        if found:
            return Program.named(found, record.domain)
    return preset


def _settings(replay: "Replay") -> dict[str, Any]:
    manifest = replay.record.manifest
    shown = manifest.settings.get("shown")
    return {
        "task": manifest.task,
        **({"shown": shown} if shown else {}),
        "split": manifest.settings.get("split"),
        "data": manifest.settings.get("data"),
        "preset": replay.preset.name,
        "models": {tier: manifest.models.get(tier, "not in the record") for tier in replay.preset.tiers},
        "seed": manifest.seed,
        "early_stop": NONE,
        "thresholds": list(replay.thresholds),
        "samples": [round_.samples for round_ in replay.preset.rounds],
    }


def _large_alone(replay: "Replay", records: "list[Record]", prices: dict[str, Any]) -> "LargeAlone | None":
    """The large tier alone on the same questions, where the record has it."""
    from ..eval import LargeAlone, Replay, Spent, replay_records

    if replay.preset.name == "large" or not records:
        return None
    alone = Replay(replay.record, "large", prices=prices)
    theirs = {record.key: record for record in replay_records(alone).records}
    if not all(record.key in theirs for record in records):
        return None
    same = [theirs[record.key] for record in records]
    accuracy = sum(record.score or 0.0 for record in same) / len(same)
    usage = (row for record in same for row in record.usage)
    return LargeAlone(accuracy, Spent.of(usage), Path(replay.record.name).name)
