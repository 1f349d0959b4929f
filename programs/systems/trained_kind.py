"""A system that can be trained: its policy by name, which a file of `cope train` completes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import CopeError
from .policy import Policy
from .registry import SYSTEMS

if TYPE_CHECKING:
    from ...models import Team
    from .base import System, SystemFactory, SystemOptions


@dataclass(frozen=True)
class TrainedKind:
    """A trained system as the registry holds it.

    Attributes:
        name: its name in `SYSTEMS`.
        policy: learns and decides.
        untrained: makes the system without a file; None for one that needs the file.
    """

    name: str
    policy: type[Policy]
    untrained: "SystemFactory | None" = None

    def __call__(self, team: "Team", options: "SystemOptions") -> "System":
        """Make the system without the file of its training.

        Raises:
            CopeError: when it needs the file, with the command that makes it.
        """
        if self.untrained is None:
            raise untrained_error(self.name)
        return self.untrained(team, options)


def untrained_error(name: str) -> CopeError:
    """Return the error for a system without the file of its training."""
    return CopeError(
        f"{name} learns from questions first: cope train {name} TASK -o FILE.json, "
        "and name that file in its place"
    )


def trained_kinds() -> list[str]:
    """Return the names of the systems that can be trained."""
    return [name for name in SYSTEMS if isinstance(SYSTEMS[name], TrainedKind)]


def trained_kind(name: str) -> TrainedKind:
    """Return a system that can be trained by its name.

    Raises:
        CopeError: when there is no such system, or it needs no training.
    """
    kind = SYSTEMS.by_name(name)
    if not isinstance(kind, TrainedKind):
        raise CopeError(
            f"{name} needs no training: measure it with cope eval TASK --system {name}; trained "
            f"are {', '.join(trained_kinds())}"
        )
    return kind
