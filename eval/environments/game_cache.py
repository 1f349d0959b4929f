"""Keep generated games and their solutions in the user's cache, because a planner takes seconds."""

from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from ...programs.agent.environment import Game
from ...util.files import JsonlWriter, read_jsonl
from ...util.hashing import digest
from .base import Solution

FORMAT = 2
"""Raised when the same seed gives another game, or the same action another observation."""


def cache_folder(name: str) -> Path:
    """Return a folder for games in the user's cache; it exists."""
    folder = user_cache_path("cope", appauthor=False) / "games" / f"{name}-{FORMAT}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class SolutionCache:
    """Solutions by game, in a file that only grows.

    Args:
        folder: where the file is.
        name: the name of the file.
    """

    def __init__(self, folder: Path, name: str = "solutions") -> None:
        self._file = folder / f"{name}.jsonl"
        self._known: dict[str, dict[str, Any]] = {}
        for line in read_jsonl(self._file, repair=False):
            if isinstance(line.get("key"), str):
                self._known[line["key"]] = line

    def knows(self, game: Game) -> bool:
        """Return whether a game was solved before, or found to have no solution."""
        return digest(dict(game)) in self._known

    def get(self, game: Game) -> tuple[bool, Solution | None]:
        """Return whether a game was solved before, and its solution; None when it has none."""
        line = self._known.get(digest(dict(game)))
        if line is None:
            return False, None
        if line.get("solution") is None:
            return True, None
        try:
            return True, Solution.from_dict(line["solution"])
        except (KeyError, TypeError, ValueError):
            return False, None  # a line of another version: the game is solved again

    def add(self, game: Game, solution: Solution | None) -> None:
        """Keep the solution of a game."""
        line: dict[str, Any] = {"key": digest(dict(game)), "solution": None}
        if solution is not None:
            line["solution"] = solution.as_dict()
        self._known[line["key"]] = line
        writer = JsonlWriter(self._file)
        try:
            writer.append(line)
        finally:
            writer.close()
