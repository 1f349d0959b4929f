"""The kinds of games by name: our own, and those of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import CopeError
from ...programs.agent.environment import Game
from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import EnvironmentKind


def _check(kind: object) -> None:
    from .base import EnvironmentKind

    if not isinstance(kind, EnvironmentKind):
        raise TypeError(f"a {type(kind).__name__} is no EnvironmentKind")


ENVIRONMENTS: Registry[EnvironmentKind] = Registry("environment", "cope.environments", _check)


def kind_of_game(game: Game) -> EnvironmentKind:
    """Return the kind of a game.

    Raises:
        CopeError: when the game names none, or an unknown one.
    """
    name = game.get("environment")
    if not isinstance(name, str):
        raise CopeError("the game names no environment: it is no game of cope")
    return ENVIRONMENTS.by_name(name)
