"""A tiny game: find the key, and open the chest with it. It may hang, die or flood at a step."""

import copy
import os
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from cope.eval.environments.base import EnvironmentKind, Solution, follow
from cope.eval.environments.registry import ENVIRONMENTS
from cope.programs.agent.environment import GameFailed, Turn

TASK = "open the chest"
WINS = ("go to kitchen", "take key", "go to hall", "open chest")
_EXITS = {"hall": ("kitchen", "cellar"), "kitchen": ("hall",), "cellar": ("hall",)}


class ChestGame:
    """The game in this process."""

    def __init__(self, trouble: str = "", at: int = 1) -> None:
        self.trouble, self.at = trouble, at
        self.reset()

    @property
    def admissible(self) -> list[str]:
        actions = [f"go to {room}" for room in _EXITS[self.room]]
        if self.room == "kitchen" and not self.has_key:
            actions.append("take key")
        if self.room == "hall":
            actions.append("open chest")
        return actions

    def reset(self, seed: int = 0) -> str:
        self.room, self.has_key, self.steps = "hall", False, 0
        return "You are in the hall. There is a chest."

    def step(self, action: str) -> tuple[str, float, bool]:
        self.steps += 1
        if self.trouble and self.steps == self.at:
            _make_trouble(self.trouble)
        if action.startswith("go to "):
            self.room = action.removeprefix("go to ")
            return f"You are in the {self.room}.", self._reward, False
        if action == "take key":
            self.has_key = True
            return "You have the key.", self._reward, False
        if self.has_key:
            return "The chest is open.", 1.0, True
        return "The chest is locked.", self._reward, False

    @property
    def _reward(self) -> float:
        return 0.5 if self.has_key else 0.0

    def clone(self) -> "ChestGame":
        return copy.copy(self)


def _make_trouble(trouble: str) -> None:
    if trouble == "hang":
        time.sleep(600)
    elif trouble == "die":
        os._exit(3)
    elif trouble == "print":
        print("a line that is no reply", flush=True)
    elif trouble == "flood":
        raise RuntimeError("x" * 10_000_000)
    else:
        raise RuntimeError(trouble)


def _open(game: Any) -> ChestGame:
    return ChestGame(game.get("trouble", ""), game.get("at", 1))


def _solve(game: Any) -> Solution | None:
    return follow(_open(game), TASK, WINS) if not game.get("hopeless") else None


CHEST = EnvironmentKind("support.scripted_environment:CHEST", _open, _solve)
GAME = {"environment": "chest"}


@contextmanager
def registered() -> Iterator[None]:
    """Register the game for the time of the context."""
    ENVIRONMENTS.register("chest", CHEST)
    try:
        yield
    finally:
        ENVIRONMENTS.unregister("chest")


class InProcess:
    """The game behind the interface that agents see, without a process."""

    looks = ()

    def __init__(self, game: ChestGame) -> None:
        self.game = game
        self.taken: list[str] = []

    async def reset(self, seed: int = 0) -> Turn:
        return Turn(self.game.reset(seed), tuple(self.game.admissible))

    async def step(self, action: str) -> Turn:
        self.taken.append(action)
        try:
            observation, reward, done = self.game.step(action)
        except RuntimeError as error:
            raise GameFailed(str(error)[:50]) from None
        return Turn(observation, tuple(self.game.admissible), reward, done)


@asynccontextmanager
async def open_in_process(game: Any) -> Any:
    yield InProcess(_open(game))
