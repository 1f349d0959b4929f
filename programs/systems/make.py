"""Make a system by its name or from its file."""

from dataclasses import replace
from pathlib import Path

from ...errors import CopeError
from ...models import Team
from ..preset import preset_names
from .base import System, SystemOptions
from .make_cascade import make_cascade as make_cascade
from .registry import SYSTEMS, is_system_file
from .settings import is_settings_file, read_settings_file
from .trained import load_trained_system

_MEMBERS = ("name", "domain", "tiers", "stages", "acall", "fingerprint", "settings", "concurrency")


def make_system(name: str, team: Team, options: SystemOptions) -> System:
    """Make a system by its name, or by a file: a trained system, or a system with its settings.

    Args:
        name: a name in `SYSTEMS`; or a file of `cope train`, or a TOML file with `system` and
            settings, after which the system is named.
        team: the tiers.
        options: what the user and the task chose.

    Raises:
        CopeError: when no system has this name, with the nearest name; when what the factory made
            is no system, or does not fit the team or the questions.
    """
    if is_system_file(name):
        system: System = load_trained_system(name, team, options)
        name = system.name
    elif is_settings_file(name):
        kind, settings = read_settings_file(name)
        system = SYSTEMS.by_name(kind)(team, replace(options, settings=settings))
        name = Path(name).stem
        system.name = name  # type: ignore[misc]  # an attribute of the class, shadowed here
    else:
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
