"""Household games in ALFWorld's world, generated locally (arXiv 2010.03768)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from ...errors import CopeError
from ...programs.agent.environment import Game
from ...util.environment import read_variable
from ..environments.alfworld.kinds import TASK_KINDS
from ..environments.base import Solution
from .games import GameTask

FILE_NAME = "game.tw-pddl"
"""The name of a game's file in what ALFWorld publishes, in a folder named after its kind."""


def level_of(steps: int) -> str:
    """Return the level of a game by the length of its planner's solution.

    >>> level_of(4), level_of(8), level_of(12)
    ('short', 'medium', 'long')
    """
    if steps <= 6:
        return "short"
    return "medium" if steps <= 9 else "long"


class AlfworldGames:
    """All six kinds of tasks in turn."""

    @property
    def parts(self) -> Sequence[str]:
        """The kinds of tasks."""
        return tuple(TASK_KINDS)

    @property
    def published(self) -> Mapping[str, Path]:
        """The folders that `alfworld-download` fills, below `ALFWORLD_DATA`."""
        root = Path(read_variable("ALFWORLD_DATA") or "~/.cache/alfworld").expanduser()
        return {split: root / "json_2.1.1" / split for split in ("valid_seen", "valid_unseen")}

    def games(self, start: int, part: str | None) -> Iterator[Game]:
        """Yield games by their seeds."""
        kinds = tuple(TASK_KINDS) if part is None else (part,)
        for number in count():
            kind = kinds[number % len(kinds)]
            yield {
                "environment": "alfworld",
                "kind": kind,
                "seed": start + number // len(kinds),
            }

    def files(self, folder: Path, part: str | None) -> list[Game]:
        """Return the published games below a folder, such as `json_2.1.1/valid_unseen`.

        Raises:
            CopeError: when there is none.
        """
        found = [folder] if folder.is_file() else sorted(folder.rglob(FILE_NAME))
        games: list[Game] = []
        for file in found:
            kind = _kind_of_path(file)
            if part is None or kind == part:
                games.append({"environment": "alfworld", "kind": kind, "file": str(file)})
        if not games:
            raise CopeError(
                f"{folder} has no {FILE_NAME}: give a folder of games that ALFWorld publishes, "
                "which its alfworld-download installs below ALFWORLD_DATA"
            )
        return games

    def fields(self, game: Game, solution: Solution) -> dict[str, str]:
        """Return the kind, the level and the length of the plan."""
        steps = len(solution.actions)
        return {"kind": str(game["kind"]), "level": level_of(steps), "plan": str(steps)}


def _kind_of_path(file: Path) -> str:
    """Return the kind of a published game, whose folder begins with the name of its goal."""
    for kind in TASK_KINDS.values():
        if any(part.startswith(f"{kind.goal}-") for part in file.parts):
            return kind.name
    return "other"


ALFWORLD_GEN = GameTask("alfworld-gen", AlfworldGames())
