"""Cooking games of TextWorld, generated locally (arXiv 1806.11532)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs.agent.environment import Game
from ..environments.base import Solution
from .alfworld import level_of
from .games import GameTask

_PLAIN: dict[str, Any] = {"cook": False, "cut": False, "open": False, "drop": False}

SETTINGS: dict[str, dict[str, Any]] = {
    "take": _PLAIN | {"recipe": 1, "take": 1, "go": 1},
    "cut": _PLAIN | {"recipe": 1, "take": 1, "go": 1, "cut": True, "open": True},
    "cook": _PLAIN | {"recipe": 2, "take": 1, "go": 1, "cook": True, "open": True},
    "rooms": _PLAIN | {"recipe": 2, "take": 2, "go": 6, "cook": True, "cut": True, "open": True},
}
"""The kinds of games: ingredients to find, whether to cut and cook them, and the rooms."""


class CookingGames:
    """All kinds of cooking games in turn."""

    @property
    def parts(self) -> Sequence[str]:
        """The kinds of games."""
        return tuple(SETTINGS)

    @property
    def published(self) -> Mapping[str, Path]:
        """None are published."""
        return {}

    def games(self, start: int, part: str | None) -> Iterator[Game]:
        """Yield games by their seeds."""
        kinds = tuple(SETTINGS) if part is None else (part,)
        for number in count():
            kind, seed = kinds[number % len(kinds)], start + number // len(kinds)
            yield {
                "environment": "textworld",
                "challenge": "tw-cooking",
                "kind": kind,
                "settings": SETTINGS[kind] | {"recipe_seed": seed, "split": "train"},
                "seed": seed,
            }

    def files(self, folder: Path, part: str | None) -> list[Game]:
        """Return the games of TextWorld below a folder.

        Raises:
            CopeError: when there is none.
        """
        found = [folder] if folder.is_file() else sorted(folder.rglob("*.z8"))
        if not found:
            raise CopeError(f"{folder} has no *.z8: give a folder of games that TextWorld made")
        return [{"environment": "textworld", "kind": "file", "file": str(one)} for one in found]

    def fields(self, game: Game, solution: Solution) -> dict[str, str]:
        """Return the kind, the level and the length of the plan."""
        steps = len(solution.actions)
        return {"kind": str(game["kind"]), "level": level_of(steps), "plan": str(steps)}


TEXTWORLD_COOKING = GameTask("textworld-cooking", CookingGames())
