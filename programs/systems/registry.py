"""The systems by name: the project's own and those of other packages.

A system of another package is a factory that takes the team and `SystemOptions`, and one line in
that package's `pyproject.toml`:

    [project.entry-points."cope.systems"]
    router = "my_package.router:Router"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import SystemFactory


def _check(factory: object) -> None:
    """Raise `TypeError` when an object cannot be called."""
    if not callable(factory):
        raise TypeError("it is no class or function that takes the team and the options")


SYSTEMS: Registry[SystemFactory] = Registry("system", "cope.systems", _check)


def is_system_file(name: str) -> bool:
    """Return whether the name of a system is that of a file.

    >>> is_system_file("router.json"), is_system_file("knn-router")
    (True, False)
    """
    return name.endswith(".json")


def known_systems() -> str:
    """Return the names of all systems as a help text lists them."""
    return ", ".join(SYSTEMS) or "none is installed"


def only_cascades_error(name: str) -> CopeError:
    """Return the error for a system where only the rounds of a cascade will do."""
    return CopeError(
        f"{name!r} is a system, and only presets and programs can be recorded, replayed, "
        f"calibrated, compiled, shown or asked a single question: measure it with cope eval TASK "
        f"--system {name} or cope compare TASK --systems {name}"
    )
