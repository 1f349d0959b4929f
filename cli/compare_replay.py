"""`cope compare --replay RECORD`: the same table from a record, without a model."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from .compare_calibrated import calibrated_system
from .compare_live import check_enough, check_new, named_systems
from .display.comparison import print_comparison
from .eval_replay import preset_in, recorded_compile, refuse_settled, shipped_compile
from .options import NO_PROGRAM, compiled_in, given
from .warnings import warn_of_met

if TYPE_CHECKING:
    from ..eval import Recording, Replay, Replayed
    from ..eval.comparison import Comparison


def compare_replay(task: str | None, options: Mapping[str, Any]) -> None:
    """Replay every system and compare.

    Raises:
        click.UsageError: for options that a record has settled.
        CopeError: for a file that is no record or of another task, and for systems of which it holds nothing.
    """
    from ..eval import Recording
    from ..eval.comparison import compare, comparison_document

    refuse_settled()
    if given("group") or given("early_stop"):
        raise click.UsageError(
            "--replay takes groups and all samples from the record: leave out --group and --early-stop."
        )
    record = Recording.open(options["replay"])
    if task not in (None, record.manifest.task):
        raise CopeError(f"{record.name} is a record of {record.manifest.task}, not of {task}")
    record.check_labelled("a comparison", "record or import it with them")
    made, promise = _replayed(record, options)
    found = compare(
        {name: outcome.records for name, outcome in made.items()},
        against=options["against"],
        by=options["by"],
        groups=record.belonging,
        margin=options["margin"] / 100,
        seed=record.seed,
    )
    document: dict[str, Any] = {
        "task": record.manifest.task,
        "split": record.manifest.settings.get("split"),
        "data": record.manifest.settings.get("data"),
        "models": record.models,
        "seed": record.seed,
        **comparison_document(found),
        "replayed": str(record.name),
        "unknown": {name: one.unknown for name, one in made.items() if one.unknown},
        "calls": None,
        "folder": None,
        "stopped": None,
        "mlflow": None,
        "failed": record.manifest.failed,
        "pictures": [],
        "matched": _matched(record, found, options),
        "calibration": promise,
    }
    if options["plot"]:
        from ..report.plots.comparison import draw_comparison

        document["pictures"] = [str(file) for file in draw_comparison(found, options["plot"])]
    if options["as_json"]:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_comparison(found, document)


def _matched(
    record: "Recording", found: "Comparison", options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What the record's own cascade costs at large's accuracy, and at the margin below it."""
    import numpy as np

    from ..optimize.calibration.matched_accuracy import matched

    rows = np.arange(min(len(record), options["limit"] or len(record)))
    below = (0.0, options["margin"] / 100)
    prices = dict(options["prices"])
    return [
        one.as_dict()
        for one in matched(record, found.by, below, prices=prices, rows=rows, seed=record.seed)
    ]


def _replayed(
    record: "Recording", options: Mapping[str, Any]
) -> "tuple[dict[str, Replayed], dict[str, Any] | None]":
    """What every system comes to, and what a calibration among them promises and was not chosen on."""
    from ..eval import replay_records

    made: dict[str, Replayed] = {}
    replays = list(_replays(record, options))
    promise, rows = None, None
    if options["calibration"]:
        one, promise, rows = calibrated_system(record, options)
        replays.insert(min(1, len(replays)), one)
    for name, replay in replays:
        check_new(name, made)
        made[name] = replay_records(replay, options["limit"], rows)
        if not made[name].records:
            why = next(iter(made[name].unknown), "it has no questions")
            raise CopeError(f"{record.name} cannot answer for {name}: {why}")
        warn_of_met(
            _compiled(record, name, options), (one.question for one in made[name].records), name
        )
    check_enough(made, options["against"])
    return made, promise


def _compiled(record: "Recording", name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the compile of a system."""
    from ..programs.preset import preset_names

    plain = options["programs"] == (NO_PROGRAM,)
    files = {file.stem: file for _, file in named_systems(options, ()) if file}
    if name in files:
        return compiled_in(files[name])
    if name in record.programs:
        return recorded_compile(record, name)
    return shipped_compile(record, name, plain) if name in preset_names() else {}


def _replays(record: "Recording", options: Mapping[str, Any]) -> "Iterator[tuple[str, Replay]]":
    """What the user names; all that the record can answer where no preset is named, and the programs beside."""
    plain = options["programs"] == (NO_PROGRAM,)
    for source, file in named_systems(options, options["presets"] or ()):
        if file:
            yield file.stem, _replay(record, source, options)
        elif source in record.programs:
            yield source, _replay(record, _recorded(record, source), options)
        else:
            replay = _replay(record, preset_in(record, source, plain), options)
            yield replay.preset.name, replay
    if not options["presets"]:
        yield from _all(record, options, plain)


def _all(
    record: "Recording", options: Mapping[str, Any], plain: bool
) -> "Iterator[tuple[str, Replay]]":
    """The record's own programs, and every preset of the package whose rounds it holds."""
    from ..programs.preset import preset_names

    for name in record.programs:
        yield name, _replay(record, _recorded(record, name), options)
    drawn = max(round_.samples for round_ in record.rounds)
    for name in preset_names():
        if name in record.programs:
            continue
        tries = {name: options}
        if drawn > 1 and not options["samples"]:
            tries[f"{name}, {drawn} samples"] = {**options, "samples": drawn}
        for called, given_ in tries.items():
            replay = _replay(record, preset_in(record, name, plain), given_)
            if all(round_.recorded for round_ in replay.rounds):
                yield called, replay
                break


def _recorded(record: "Recording", name: str) -> Any:
    from ..eval.replay.match import recorded_program

    return recorded_program(record, name)


def _replay(record: "Recording", program: Any, options: Mapping[str, Any]) -> "Replay":
    from ..eval import Replay

    found = Path(program) if isinstance(program, str) else program
    return Replay(record, found, samples=options["samples"], prices=dict(options["prices"]))
