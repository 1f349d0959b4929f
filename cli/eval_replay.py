"""`cope eval --replay RECORD`: the table of a live run, from a record and without a model."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from ..programs.confidence.early_stopping import INEXACT
from .option_groups import is_set_by_user
from .output import notify, print_json
from .warnings import warn_about_contamination, warn_about_questions

if TYPE_CHECKING:
    from ..eval import Recording
    from ..programs.resolve import ProgramOptions, TeamOptions

# Options that would need other calls than the recorded ones.
_FIXED_BY_RECORDING = {
    "split": "--split",
    "data": "--data",
    "visible": "--visible",
    "budget": "--budget",
    "questions": "--questions",
    "runs": "--runs",
    "directory": "--runs",
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


def reject_fixed_options() -> None:
    """Refuse options of the running command whose value the record has fixed.

    Raises:
        click.UsageError: for the first of them.
    """
    for name, flag in _FIXED_BY_RECORDING.items():
        if is_set_by_user(name):
            raise click.UsageError(
                f"--replay asks no model, and the record has settled the rest: leave out {flag}."
            )


def show_replay(
    file: str,
    task: str | None,
    limit: int | None,
    program: "ProgramOptions",
    team: "TeamOptions",
    as_json: bool,
) -> None:
    """Replay a record with a preset, thresholds, samples and prices, and print the table or JSON.

    Raises:
        click.UsageError: for options that a record has fixed.
        CopeError: for a file that is no record, or of another task.
    """
    from ..eval import Recording, Replay, replay_results
    from ..eval.replay.evaluation import evaluate_replay
    from .display.evaluation import percent, print_table

    if program.calibration:
        program = _calibrated(program, file)
    reject_fixed_options()
    if program.early_stop in INEXACT:
        raise click.UsageError(
            f"A replay counts all samples, and {program.early_stop} would not: leave out --early-stop, or see what it changes "
            "with cope calibrate RECORD --stop-report."
        )
    record = Recording.open(file)
    if task not in (None, record.manifest.task):
        raise CopeError(f"{record.name} is a record of {record.manifest.task}, not of {task}")
    wanted, compiled = _program(record, program)
    replay = Replay(
        record,
        wanted,
        samples=program.samples,
        thresholds=program.thresholds,
        prices=dict(team.prices),
    )
    made = replay_results(replay, limit)
    if not made.results:
        raise CopeError(
            f"{record.name} cannot answer for {replay.preset.name}: {next(iter(made.unknown))}"
        )
    seen = warn_about_contamination(compiled, (one.question for one in made.results))
    found = evaluate_replay(replay, made, team.prices)
    settings = found.settings()
    document = settings | found.summary.as_dict()
    document |= {
        "replayed": str(record.name),
        "unknown": made.unknown,
        "accuracy_bounds": list(found.bounds),
        "seen": seen.as_dict() if seen else None,
        "folder": str(record.name),
        "stopped": None,
        "mlflow": None,
        "failed": record.manifest.failed,
    }
    if as_json:
        print_json(document)
        return
    print_table(settings, replay, found.summary, document)
    for why, count in made.unknown.items():
        click.echo(f"{count} questions are not in the table: {why}")
    low, high = found.bounds
    if made.unknown and low is not None:
        count = len(made.results) + sum(made.unknown.values())
        click.echo(
            f"accuracy over all {count} questions is between {percent(low)} and {percent(high)}"
        )


def _program(record: "Recording", program: "ProgramOptions") -> tuple[Any, dict[str, Any]]:
    """Return the program that a live run would use with these options, and what is known of its compile.

    It is the record's own (None) where the user names none.
    """
    from ..eval.replay.programs import (
        bundled_compile_metadata,
        compile_metadata_in_recording,
        program_for_replay,
    )
    from ..programs.compile_metadata import read_compile_metadata
    from ..programs.identity import ProgramIdentity

    if program.program:
        identity = ProgramIdentity.named(program.program, record.domain)
        return identity, read_compile_metadata(program.program)
    if not is_set_by_user("preset"):
        return None, compile_metadata_in_recording(record, next(iter(record.programs)))
    wanted = program_for_replay(record, program.preset, program.bundled)
    return wanted, bundled_compile_metadata(record, program.preset, program.bundled)


def _calibrated(options: "ProgramOptions", file: str) -> "ProgramOptions":
    """Return options with the setting of the calibration, which must be of the record's own program.

    Raises:
        click.UsageError: when another program is named.
        CopeError: when there is no such record or calibration, or they do not fit.
    """
    from ..eval import Recording
    from ..eval.replay.match import recorded_identity
    from ..programs.resolve import (
        describe_calibration,
        load_matching_certificate,
        with_calibrated_setting,
    )

    assert options.calibration
    if is_set_by_user("preset") or is_set_by_user("program"):
        raise click.UsageError(
            "With --replay, --calibration is of the record's own program: leave out --preset."
        )
    record = Recording.open(file)
    manifest = record.manifest
    chosen = load_matching_certificate(
        options.calibration,
        recorded_identity(record, next(iter(record.programs))),
        record.models,
        manifest.settings,
        manifest.task,
        manifest.weights.get,
    )
    if chosen.setting is None:
        raise CopeError(
            f"the calibration {options.calibration} chose {chosen.words}: use --preset {chosen.last_tier}"
        )
    notify(describe_calibration(options.calibration, chosen))
    warn_about_questions(chosen, manifest.task, zip(record.questions, record.gold, strict=True))
    return replace(with_calibrated_setting(options, chosen), calibration=None)
