"""Build a team and a program from plain options, such as those of a command line."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..models.team import Team
from ..sandbox import open_sandbox
from .bundled import find_bundled_program
from .calibration_file import RULE, SHOWN, Certificate
from .calibration_match import describe_calibration, load_matching_certificate
from .cascade import Cascade
from .compile_metadata import describe_compile, read_compile_metadata
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .give_up import NOT_GUARANTEED, GiveUp, check_counts, named_measures
from .hedging import Hedge
from .identity import ProgramIdentity
from .options import ProgramOptions, TeamOptions
from .preset import load_preset
from .systems.base import SystemOptions
from .systems.make_cascade import with_sandbox

Notify = Callable[[str], None]


@dataclass(frozen=True)
class ResolvedProgram:
    """Hold a cascade and where it came from.

    Attributes:
        cascade: ready to be asked.
        path: the program's file; None for a preset as it is.
        certificate: the calibration that set thresholds and samples; None without one.
    """

    cascade: Cascade
    path: Path | None
    certificate: Certificate | None


def ignore(message: str) -> None:
    """Drop a message."""


def system_options(
    options: ProgramOptions, domain: str, answer_kind: str | None = None
) -> SystemOptions:
    """Return what a system takes from the options of a program.

    Args:
        options: those of the program; what only a cascade has is left out.
        domain: the kind of questions.
        answer_kind: how answers are read and compared; None is the domain's kind.
    """
    return SystemOptions(domain, answer_kind, options.seed, options.early_stop, options.unsafe_code)


def resolve_team(options: TeamOptions) -> Team:
    """Build the team that options name. It loads no model.

    Raises:
        CopeError: for a model, tier or adapter that cannot be understood.
    """
    for name in options.tiers:
        if name in inspect.signature(Team).parameters:
            raise CopeError(
                f"--tier {name}=...: that name is taken; --small and --large set those two tiers"
            )
    return Team(
        options.small,
        options.large,
        prices=dict(options.prices),
        limits=dict(options.limits),
        keys=dict(options.keys),
        adapter=options.adapter,
        cache=options.cache,
        context=options.context,
        max_tokens=options.max_tokens,
        timeout=options.timeout,
        sampling=options.sampling,
        weights_dir=options.weights,
        **options.tiers,
    )


def resolve_program_path(
    options: ProgramOptions,
    team: Team,
    domain: str,
    task: str | None = None,
    *,
    context: int | None = None,
    notify: Notify = ignore,
) -> Path | None:
    """Return the program's file: the user's, else the bundled one for this preset, task and models.

    Args:
        options: those of the program.
        team: the tiers.
        domain: the kind of questions.
        task: the task's name, where there is one.
        context: tokens that a request to a local model may have; a bundled program may need more.
        notify: receives a line that names a bundled program.

    Returns:
        The file; None for the preset as it is.
    """
    if options.program:
        return options.program
    if not options.bundled:
        return None
    models = {name: tier.model for name, tier in team.tiers.items()}
    file = find_bundled_program(
        load_preset(options.preset, models), task, models, domain, context=context
    )
    if file:
        text = describe_compile(file)
        notify(f"program {file.name}, {text}; the preset as it is: --program none")
    return file


def resolve_cascade(
    options: ProgramOptions,
    team: Team,
    domain: str = DEFAULT_DOMAIN,
    program: Path | None = None,
) -> Cascade:
    """Build the cascade that options name, for a kind of questions.

    Args:
        options: those of the program; its calibration is not applied.
        team: the tiers.
        domain: the kind of questions.
        program: the program's file, see `resolve_program_path`; None takes the user's own, else
            builds the preset.

    Raises:
        CopeError: for a preset or program that cannot be read, or that does not fit the team or the
            other options; for questions that programs answer, when there is no sandbox.
    """
    settings: dict[str, Any] = {
        "seed": options.seed,
        "early_stop": options.early_stop,
        "domain": domain,
        "sandbox": partial(open_sandbox, options.unsafe_code),
    }
    program = program or options.program
    changed = bool(options.samples or options.thresholds)
    changes = {"samples": options.samples, "thresholds": options.thresholds}
    if program is None:
        preset = load_preset(options.preset, team.tiers)
        preset = preset.with_overrides(**changes) if changed else preset
        return with_sandbox(Cascade(preset, team, **settings))
    saved = with_sandbox(Cascade.from_file(program, team, **settings))
    if not changed:
        return saved
    return saved.with_settings(saved.preset.with_overrides(**changes), options.seed)


def resolve_calibrated_cascade(
    options: ProgramOptions,
    team_options: TeamOptions,
    team: Team,
    domain: str,
    *,
    task: str | None = None,
    shown: str | None = None,
    notify: Notify = ignore,
) -> ResolvedProgram:
    """Build the cascade that options name, with the setting of the calibration where one is given.

    Args:
        options: those of the program.
        team_options: those of the team.
        team: the tiers.
        domain: the kind of questions.
        task: the task's name, where there is one.
        shown: which tests models see, where the task leaves a choice.
        notify: receives a line about a bundled program, and one about the calibration.

    Raises:
        CopeError: when the calibration is of another program, other models or weights, or other
            tests shown; else see `resolve_cascade`.
    """
    context = team_options.context
    path = resolve_program_path(options, team, domain, task, context=context, notify=notify)
    cascade = resolve_cascade(options, team, domain, path)
    if not options.calibration:
        if options.hedge is not None:
            raise CopeError(
                "--hedge reads how often rounds escalate from a calibration: give --calibration"
            )
        check_counts(cascade.preset, None)
        return ResolvedProgram(cascade, path, None)
    asked = team_options.request_settings()
    asked[RULE] = options.early_stop
    asked[SHOWN] = shown
    certificate = load_matching_certificate(
        options.calibration,
        ProgramIdentity.of_state(cascade.dump_state()),
        {tier: team[tier].model for tier in cascade.preset.tiers},
        asked,
        task,
        lambda tier: team[tier].weights_digest(),
    )
    notify(describe_calibration(options.calibration, certificate))
    if certificate.setting is None:
        options = replace(options, preset=cascade.preset.last_tier, program=None)
        path = resolve_program_path(options, team, domain, task, context=context, notify=notify)
    calibrated = resolve_cascade(with_calibrated_setting(options, certificate), team, domain, path)
    if options.hedge is not None and certificate.setting is not None:
        source = str(options.calibration)
        calibrated.hedge = Hedge.from_reports(options.hedge, certificate.more, source)
    if named_measures(calibrated.preset):
        source = str(options.calibration)
        calibrated.give_up = GiveUp.from_reports(certificate.more, calibrated.preset, source)
        notify(NOT_GUARANTEED)
    return ResolvedProgram(calibrated, path, certificate)


def named_answer_kind(resolved: ResolvedProgram) -> str:
    """Return the kind of answers that a calibration or a program names, for questions of no task.

    Without a name it is texts; programs and free text are always of their domain's kind.
    """
    cascade, certificate = resolved.cascade, resolved.certificate
    kind = domain_by_name(cascade.domain)
    if not kind.answers_are_lines:
        return kind.answer_kind
    if certificate is not None:  # it guarantees votes that were counted so
        return str(certificate.program.get("answer_kind") or kind.answer_kind)
    if cascade.answer_kind != kind.answer_kind:
        return cascade.answer_kind
    return str(read_compile_metadata(resolved.path).get("answer_kind") or "text")


def with_calibrated_setting(options: ProgramOptions, certificate: Certificate) -> ProgramOptions:
    """Return options with the thresholds and samples of a calibration."""
    setting = certificate.setting
    if setting is None:  # the last tier alone
        return replace(options, thresholds=(), samples=None)
    return replace(options, thresholds=tuple(setting["thresholds"]), samples=setting["samples"])
