"""What an agent needs of a game: it is reset, it takes actions, and it says which are possible."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Turn:
    """The state of a game as a player sees it.

    Attributes:
        observation: what the last action led to, or the start of the game.
        admissible: the actions that are possible now.
        reward: the share of the game's points so far, 0 to 1; 1 is success.
        done: whether the game is over.
    """

    observation: str
    admissible: tuple[str, ...]
    reward: float = 0.0
    done: bool = False

    @property
    def won(self) -> bool:
        """Whether the game is over with all its points."""
        return self.done and self.reward >= 1.0


class GameFailed(Exception):
    """A game died, did not answer in time, or wrote too much. Its episode has failed.

    The same game may fail again, so that a retry seldom helps.
    """


class PlayedGame(Protocol):
    """An open game. Its calls may wait, because a game runs in a process of its own."""

    @property
    def looks(self) -> Sequence[str]:
        """The first words of actions that only look, see `LoopGuard`."""
        ...

    async def reset(self, seed: int = 0) -> Turn:
        """Start the game anew.

        Raises:
            GameFailed: when the game cannot be started.
        """
        ...

    async def step(self, action: str) -> Turn:
        """Take an action.

        Raises:
            GameFailed: when the game does not answer.
        """
        ...


Game = Mapping[str, Any]
"""A game as plain data: `environment`, a name in `ENVIRONMENTS`, and what that needs to open it."""

OpenGame = Callable[[Game], AbstractAsyncContextManager[PlayedGame]]
"""Opens a game, and closes it at the end of the context."""
