"""A task of games of `scripted_environment`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cope.eval.tasks.games import GameTask
from support.scripted_environment import open_in_process


class ChestGames:
    """Every second game has no solution."""

    parts: Sequence[str] = ("easy", "hard")

    def games(self, start: int, part: str | None) -> Iterator[dict[str, Any]]:
        number = start
        while True:
            yield {"environment": "chest", "seed": number, "hopeless": number % 2 == 1}
            number += 1

    def files(self, folder: Path, part: str | None) -> list[Any]:
        return [{"environment": "chest", "file": str(folder)}]

    def fields(self, game: Any, solution: Any) -> dict[str, str]:
        return {"level": "short"}


CHESTS = GameTask("chests", ChestGames(), opener=open_in_process)
