"""`--calibration FILE`: thresholds and samples from a calibration, for the program and models that it was made with."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from .options import NO_PROGRAM, given, make_cascade, program_file

if TYPE_CHECKING:
    from ..eval.replay.match import Program
    from ..models import Team
    from ..optimize.calibration import Certificate
    from ..programs import Cascade


def calibration_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --calibration; `calibrated_cascade` reads it."""
    option = click.option(
        "--calibration",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Thresholds and samples as cope calibrate chose them, for this program and these models.",
    )
    return option(command)


def calibrated_cascade(
    options: Mapping[str, Any],
    team: "Team",
    domain: str,
    file: Path | None,
    task: str | None = None,
    quiet: bool = False,
    shown: str | None = None,
) -> "tuple[Cascade, Path | None, Certificate | None]":
    """The cascade that the options name, with the setting of the calibration where one is given, and its program's file.

    What was chosen is said on stderr, unless `quiet`.

    Args:
        options: those of the command.
        team: the tiers.
        domain: the kind of questions.
        file: the program's file, see `program_file`.
        task: the task's name, where there is one.
        quiet: say nothing.
        shown: which tests models see, where the task leaves a choice.

    Raises:
        CopeError: when the calibration is of another program, other models or weights, or other tests shown.
    """
    cascade = make_cascade(options, team, domain, file)
    if not options["calibration"]:
        return cascade, file, None
    from ..eval.replay.match import Program

    models = {tier: team[tier].model for tier in cascade.preset.tiers}
    chosen = certificate_for(
        options,
        Program.of_state(cascade.dump_state()),
        models,
        {**options, "shown": shown},
        task,
        lambda tier: team[tier].weights_digest(),
    )
    if not quiet:
        _say(options, chosen)
    if chosen.setting is None:
        options = {
            **options,
            "preset": "large",
            "program": NO_PROGRAM if options["program"] == NO_PROGRAM else None,
        }
        file = program_file(options, team, domain, task, quiet=quiet)
    return make_cascade({**options, **set_by(chosen)}, team, domain, file), file, chosen


def calibrated_replay(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a replay, with the setting of the calibration: it must be one of the record's own program.

    Raises:
        click.UsageError: when another program is named.
        CopeError: when there is no such record or calibration, or they do not fit.
    """
    from ..eval import Recording
    from ..eval.replay.match import recorded_program

    if given("preset") or given("program"):
        raise click.UsageError(
            "With --replay, --calibration is of the record's own program: leave out --preset."
        )
    record = Recording.open(options["replay"])
    program = recorded_program(record, next(iter(record.programs)))
    manifest = record.manifest
    chosen = certificate_for(
        options, program, record.models, manifest.settings, manifest.task, manifest.weights.get
    )
    if chosen.setting is None:
        raise CopeError(
            f"the calibration {options['calibration']} chose the large model alone: use --preset large"
        )
    _say(options, chosen)
    warn_of_questions(chosen, manifest.task, zip(record.questions, record.gold, strict=True))
    return {**options, **set_by(chosen)}


def _say(options: Mapping[str, Any], chosen: "Certificate") -> None:
    click.echo(f"calibration {options['calibration']}: {chosen.words}. {chosen.promise}", err=True)


def certificate_for(
    options: Mapping[str, Any],
    program: "Program",
    models: Mapping[str, str],
    asked: Mapping[str, Any],
    task: str | None,
    weights: Callable[[str], str | None],
) -> "Certificate":
    """The calibration that the options name, if it is one of this program.

    Args:
        options: those of the command.
        program: that is to be calibrated.
        models: each tier's model.
        asked: what changes the requests, see `Certificate.misfit`.
        task: the task's name, where there is one.
        weights: gives the digest of a tier's weights; asked only where the calibration knows them.

    Raises:
        click.UsageError: when thresholds or samples are given beside.
        CopeError: when there is none, or it does not fit.
    """
    from ..optimize.calibration import load_certificate

    for name in ("thresholds", "samples"):
        if given(name):
            raise click.UsageError(
                f"--calibration sets thresholds and samples: leave out --{name}."
            )
    found = load_certificate(options["calibration"])
    here = {
        tier: weights(tier) for tier in found.weights if models.get(tier) == found.models.get(tier)
    }
    if why := found.misfit(program, models, asked, task=task, weights=here):
        raise CopeError(f"the calibration {options['calibration']} does not fit: {why}")
    return found


def said_of(options: Mapping[str, Any], certificate: "Certificate | None") -> dict[str, Any] | None:
    """What a JSON document tells of the calibration: its file, what it set, and what it promises."""
    if certificate is None:
        return None
    aim = {name: certificate.aim[name] for name in ("harm", "delta", "loss")}
    return {
        "file": str(options["calibration"]),
        "setting": certificate.setting,
        "promise": certificate.promise,
        **aim,
    }


def set_by(certificate: "Certificate") -> dict[str, Any]:
    """The options `thresholds` and `samples` as a calibration has them."""
    setting = certificate.setting or {"thresholds": (), "samples": None}
    return {"thresholds": tuple(setting["thresholds"]), "samples": setting["samples"]}


def warn_of_questions(
    certificate: "Certificate | None", task: str, questions: Iterable[tuple[str, str | None]]
) -> None:
    """Say on stderr what speaks against the promise on some questions, given with their right answers."""
    if certificate is None:
        return
    pairs = list(questions)
    for words in certificate.warnings(
        task, [question for question, _ in pairs], [gold for _, gold in pairs]
    ):
        click.echo(f"warning: {words}", err=True)
