"""Make the systems of a live comparison."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import CopeError
from ...programs import System, load_preset, make_system
from ...programs.domains.registry import domain_by_name
from ...programs.give_up import check_counts
from ...programs.preset_fit import preset_misfit
from ...programs.resolve import resolve_cascade, resolve_program_path, system_options
from ...programs.systems.registry import is_system_file
from ..replay.systems import source_system
from ..tasks.adaptable import system_for
from ..tasks.base import answer_kind_of
from .everything import ALL, DEFAULT_PRESETS, all_presets, decisions_digest, other_systems
from .options import check_enough_systems, check_unique_name
from .request import ComparisonRequest


@dataclass(frozen=True)
class ComparedSystem:
    """A system and the file of its program or training; None for one without a file."""

    system: System
    path: Path | None


@dataclass
class ComparedSystems:
    """The systems of a comparison.

    Attributes:
        by_name: the systems by name.
        optional: names of those that `--presets all` added, which may turn out to lack something.
        left_out: why others that it stands for are not compared; None if it was not named.
    """

    by_name: dict[str, ComparedSystem] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    left_out: dict[str, str] | None = None

    def leave_out(self, name: str, reason: str) -> None:
        """Note that a system is not compared."""
        self.left_out = {**(self.left_out or {}), name: reason}
        self.by_name.pop(name, None)


def resolve_systems(request: ComparisonRequest, notify: Callable[[str], None]) -> ComparedSystems:
    """Return the systems that the options name.

    Raises:
        CopeError: if a named system cannot be used, two have the same name, or there are too few.
    """
    compared = ComparedSystems()
    options = request.options
    presets = [name for name in options.presets if name != ALL]
    named = replace(options, presets=tuple(presets))
    has_all = ALL in options.presets
    for source, file in named.requested_systems(() if has_all else DEFAULT_PRESETS):
        name, system = _cascade(request, source, file, notify)
        check_unique_name(name, compared.by_name)
        compared.by_name[name] = system
    for source in options.systems:
        system = _system(request, source)
        check_unique_name(system.system.name, compared.by_name)
        compared.by_name[system.system.name] = system
    if has_all:
        compared.left_out = {}
        _add_all(request, compared, notify)
    check_enough_systems(compared.by_name, options.against)
    return compared


def _cascade(
    request: ComparisonRequest, source: str, file: Path | None, notify: Callable[[str], None]
) -> tuple[str, ComparedSystem]:
    """Return the name and the cascade of a preset or of a program's file."""
    task, team = request.task, request.team
    options = replace(request.program_options, preset=source, program=file, thresholds=())
    path = resolve_program_path(
        options,
        team,
        task.domain,
        task.name,
        context=request.team_options.context,
        notify=notify,
    )
    cascade = resolve_cascade(options, team, task.domain, path)
    check_counts(cascade.preset, None)
    system = system_for(cascade, task, request.agent_settings)
    name = Path(source).stem if source.endswith(".json") else cascade.preset.name
    return name, ComparedSystem(system, path)


def _system(request: ComparisonRequest, source: str) -> ComparedSystem:
    """Return the system of a name or a file."""
    task = request.task
    settings = system_options(request.program_options, task.domain, answer_kind_of(task))
    system = make_system(source, request.team, settings)
    return ComparedSystem(system, Path(source) if is_system_file(source) else None)


def _add_all(
    request: ComparisonRequest, compared: ComparedSystems, notify: Callable[[str], None]
) -> None:
    """Add every preset and system that can be compared, and note why the others cannot."""
    same_as: dict[str, str] = {}
    domain = domain_by_name(request.task.domain)
    for source in all_presets(request.team):
        if source in compared.by_name:
            continue
        try:
            misfit = preset_misfit(load_preset(source, request.team.tiers), domain)
            if misfit:
                raise CopeError(misfit)
            name, one = _cascade(request, source, None, notify)
        except CopeError as error:
            compared.leave_out(source, str(error))
            continue
        twin = same_as.setdefault(decisions_digest(one.system), name)  # type: ignore[arg-type]
        if twin == name:
            compared.by_name[name] = one
            compared.optional.add(name)
        else:
            compared.leave_out(name, f"on these questions it is the same as {twin}")
    given = [source_system(source) for source in request.options.systems]
    for name in other_systems(given):
        try:
            compared.by_name[name] = _system(request, name)
            compared.optional.add(name)
        except CopeError as error:
            compared.leave_out(name, str(error))
