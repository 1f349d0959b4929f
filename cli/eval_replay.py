"""`cope eval --replay RECORD`: the table of a live run, from a record and without a model."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from ..programs.confidence.early_stopping import INEXACT, NONE
from .options import NO_PROGRAM, compiled_in, given, own_program
from .warnings import warn_of_met

if TYPE_CHECKING:
    from ..eval import LargeAlone, Record, Recording, Replay

# What a record has settled; another value would need other calls.
_SETTLED = {
    "split": "--split",
    "data": "--data",
    "visible": "--visible",
    "budget": "--budget",
    "questions": "--questions",
    "runs": "--runs",
    "fresh": "--fresh",
    "store": "--store",
    "small": "--small",
    "large": "--large",
    "tiers": "--tier",
    "limits": "--in-flight",
    "context": "--context",
    "max_tokens": "--max-tokens",
    "adapter": "--adapter",
    "cache": "--no-cache",
    "weights": "--weights",
    "unsafe_code": "--unsafe-code",
    "seed": "--seed",
}


def show_replay(task: str | None, options: Mapping[str, Any]) -> None:
    """Replay a record with the options' preset, thresholds, samples and prices, and print the table or JSON.

    Raises:
        click.UsageError: for options that a record has settled.
        CopeError: for a file that is no record, or of another task.
    """
    from ..eval import Recording, Replay, replay_records, summarise
    from ..stats.intervals import bounds_of
    from .display.evaluation import percent, print_table

    refuse_settled()
    if options["early_stop"] in INEXACT:
        raise click.UsageError(
            f"A replay counts all samples, and {options['early_stop']} would not: leave out --early-stop, or see what it changes "
            "with cope calibrate RECORD --stop-report."
        )
    record = Recording.open(options["replay"])
    if task not in (None, record.manifest.task):
        raise CopeError(f"{record.name} is a record of {record.manifest.task}, not of {task}")
    program, compiled = _program(record, options)
    replay = Replay(
        record,
        program,
        samples=options["samples"],
        thresholds=options["thresholds"] or (),
        prices=dict(options["prices"]),
    )
    made = replay_records(replay, options["limit"])
    if not made.records:
        raise CopeError(
            f"{record.name} cannot answer for {replay.preset.name}: {next(iter(made.unknown))}"
        )
    seen = warn_of_met(compiled, (one.question for one in made.records))
    beside = _large_alone(replay, made.records, dict(options["prices"]))
    summary = summarise(made.records, len(replay.preset.rounds), beside, record.belonging)
    settings = _settings(replay)
    low = high = None
    if summary.accuracy is not None:
        right = sum(record.score or 0.0 for record in made.records)
        low, high = bounds_of(right, len(made.records), sum(made.unknown.values()))
    document = {
        **settings,
        **summary.as_dict(),
        "replayed": str(record.name),
        "unknown": made.unknown,
        "accuracy_bounds": [low, high],
        "seen": seen.as_dict() if seen else None,
        "folder": str(record.name),
        "stopped": None,
        "mlflow": None,
        "failed": record.manifest.failed,
    }
    if options["as_json"]:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    print_table(settings, SimpleNamespace(preset=replay.preset), summary, document)
    for why, count in made.unknown.items():
        click.echo(f"{count} questions are not in the table: {why}")
    if made.unknown and low is not None:
        count = len(made.records) + sum(made.unknown.values())
        click.echo(
            f"accuracy over all {count} questions is between {percent(low)} and {percent(high)}"
        )


def refuse_settled() -> None:
    """Refuse options of the running command that a record has settled.

    Raises:
        click.UsageError: for the first of them.
    """
    if settled := [flag for name, flag in _SETTLED.items() if given(name)]:
        raise click.UsageError(
            f"--replay asks no model, and the record has settled the rest: leave out {settled[0]}."
        )


def _program(record: "Recording", options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The program that the same options would have made a live run use, the record's own where none is named, and what is
    known of its compile."""
    from ..programs.identity import ProgramIdentity

    if file := own_program(options):
        return ProgramIdentity.named(file, record.domain), compiled_in(file)
    if not given("preset"):
        return None, recorded_compile(record, next(iter(record.programs)))
    plain = options["program"] == NO_PROGRAM
    return preset_in(record, options["preset"], plain), shipped_compile(
        record, options["preset"], plain
    )


def recorded_compile(record: "Recording", name: str) -> dict[str, Any]:
    """What a record keeps of how one of its programs was compiled; nothing when it was not."""
    return record.manifest.settings.get("compiled", {}).get(name, {})


def shipped_compile(record: "Recording", name: str, plain: bool) -> dict[str, Any]:
    """What is known of the compile of the program that `preset_in` takes for a preset; nothing when it takes none."""
    file = _shipped(record, name, plain)
    return compiled_in(file) if file else {}


def preset_in(record: "Recording", name: str, plain: bool) -> Any:
    """A preset for a replay; unless `plain`, the compiled program that comes with the package for it, where there is one."""
    from ..programs import load_preset
    from ..programs.identity import ProgramIdentity

    found = _shipped(record, name, plain)
    return ProgramIdentity.named(found, record.domain) if found else load_preset(name)


def _shipped(record: "Recording", name: str, plain: bool) -> Path | None:
    from ..programs.bundled import shipped

    if plain or record.imported:
        return None
    context = record.manifest.settings.get("context")
    return shipped(name, record.manifest.task, record.models, record.domain, context=context)


def _settings(replay: "Replay") -> dict[str, Any]:
    manifest = replay.record.manifest
    shown = manifest.settings.get("shown")
    return {
        "task": manifest.task,
        **({"shown": shown} if shown else {}),
        "split": manifest.settings.get("split"),
        "data": manifest.settings.get("data"),
        "preset": replay.preset.name,
        "models": {
            tier: manifest.models.get(tier, "not in the record") for tier in replay.preset.tiers
        },
        "seed": manifest.seed,
        "early_stop": NONE,
        "thresholds": list(replay.thresholds),
        "samples": [round_.samples for round_ in replay.preset.rounds],
    }


def _large_alone(
    replay: "Replay", records: "list[Record]", prices: dict[str, Any]
) -> "LargeAlone | None":
    """The large tier alone on the same questions, where the record has it."""
    from ..eval import LargeAlone, Replay, Spent, replay_records
    from ..eval.run.summary import mean_score

    if replay.preset.name == "large" or not records:
        return None
    alone = Replay(replay.record, "large", prices=prices)
    theirs = {record.key: record for record in replay_records(alone).records}
    if not all(record.key in theirs for record in records):
        return None
    same = [theirs[record.key] for record in records]
    usage = (row for record in same for row in record.usage)
    return LargeAlone(mean_score(same), Spent.of(usage), Path(replay.record.name).name)
