"""Make a system by its name, and the cascades that a system is built from."""

from ...errors import CopeError
from ...models import Team
from ...sandbox import open_sandbox
from ..cascade import Cascade
from ..confidence.base import Confidence
from ..domains.base import Domain
from ..domains.registry import domain_by_name
from ..preset import Preset, preset_names
from .base import System, SystemOptions
from .registry import SYSTEMS

_MEMBERS = ("name", "domain", "tiers", "stages", "acall", "fingerprint", "settings", "concurrency")


def make_system(name: str, team: Team, options: SystemOptions) -> System:
    """Make a system by its name.

    Args:
        name: a name in `SYSTEMS`.
        team: the tiers.
        options: what the user and the task chose.

    Raises:
        CopeError: when no system has this name, with the nearest name; when what the factory made
            is no system, or does not fit the team or the questions.
    """
    system = SYSTEMS.by_name(name)(team, options)
    missing = [member for member in _MEMBERS if not hasattr(system, member)]
    if missing:
        raise CopeError(f"the system {name!r} has no {' and no '.join(missing)}: fix its package")
    if system.name != name:
        raise CopeError(
            f"the system {name!r} calls itself {system.name!r}: fix its package, because results "
            "are found by the name"
        )
    if name in team.tiers or name in preset_names():
        raise CopeError(
            f"the system {name!r} has the name of a tier or preset: its package must give it "
            "another"
        )
    if system.domain != options.domain:
        raise CopeError(
            f"the system {name!r} answers questions of kind {system.domain!r}, and these are of "
            f"kind {options.domain!r}"
        )
    if not system.tiers or not system.stages:
        raise CopeError(f"the system {name!r} has no tiers or no stages: fix its package")
    for tier in system.tiers:
        _ = team[tier]
    return system


def make_cascade(preset: Preset | str, team: Team, options: SystemOptions) -> Cascade:
    """Make a cascade for the same questions as a system, for example one tier alone.

    Args:
        preset: a preset, its name, or a tier's name for that tier alone.
        team: the tiers.
        options: those of the system.

    Raises:
        CopeError: see `Cascade`; also for questions that programs answer, when there is no sandbox.
    """
    kind = domain_by_name(options.domain)
    return Cascade(
        preset,
        team,
        seed=options.seed,
        early_stop=options.early_stop,
        domain=options.domain,
        confidence=sandboxed_confidence(kind, options.unsafe_code),
        answer_kind=options.answer_kind or kind.answer_kind,
        saved_kind=options.answer_kind or kind.answer_kind,
    )


def sandboxed_confidence(kind: Domain, unsafe_code: bool) -> Confidence | None:
    """Return the default confidence of a domain that runs programs, with its sandbox opened now.

    Returns:
        None for a domain that runs none.

    Raises:
        CopeError: when there is no sandbox, now rather than with the first program.
    """
    if not kind.needs_sandbox:
        return None
    sandbox = open_sandbox(unsafe_code)
    return kind.default_confidence(lambda: sandbox)
