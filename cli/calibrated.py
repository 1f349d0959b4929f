"""`--calibration FILE`: thresholds and samples from a calibration, for the program and models that it was made with."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from .options import (
    _program_of,
    _team_of,
    given,
    notify,
    reject_options_of_calibration,
)

if TYPE_CHECKING:
    from ..models import Team
    from ..optimize.calibration import Certificate
    from ..programs import Cascade
    from ..programs.identity import ProgramIdentity


def calibrated_cascade(
    options: Mapping[str, Any],
    team: "Team",
    domain: str,
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
        task: the task's name, where there is one.
        quiet: say nothing.
        shown: which tests models see, where the task leaves a choice.

    Raises:
        CopeError: when the calibration is of another program, other models or weights, or other tests shown.
    """
    from ..programs.resolve import resolve_calibrated_cascade

    made = resolve_calibrated_cascade(
        _program_of(options),
        _team_of(options),
        team,
        domain,
        task=task,
        shown=shown,
        notify=(lambda message: None) if quiet else notify,
    )
    return made.cascade, made.path, made.certificate


def calibrated_replay(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a replay, with the setting of the calibration: it must be one of the record's own program.

    Raises:
        click.UsageError: when another program is named.
        CopeError: when there is no such record or calibration, or they do not fit.
    """
    from ..eval import Recording
    from ..eval.replay.match import recorded_program
    from ..programs.resolve import describe_calibration

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
    notify(describe_calibration(options["calibration"], chosen))
    warn_of_questions(chosen, manifest.task, zip(record.questions, record.gold, strict=True))
    return {**options, **set_by(chosen)}


def certificate_for(
    options: Mapping[str, Any],
    program: "ProgramIdentity",
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
    from ..programs.resolve import load_matching_certificate

    reject_options_of_calibration()
    return load_matching_certificate(
        Path(options["calibration"]), program, models, asked, task, weights
    )


def said_of(options: Mapping[str, Any], certificate: "Certificate | None") -> dict[str, Any] | None:
    """What a JSON document tells of the calibration: its file, what it set, and what it promises."""
    from ..programs.resolve import calibration_summary

    return calibration_summary(options["calibration"], certificate)


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
