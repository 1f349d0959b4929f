"""Play a game in a process of its own, so that one that dies or hangs is one failed episode."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ...programs.agent.environment import Game, GameFailed, Turn
from ...util.text import one_line, shorten
from .base import Solution
from .outcomes import Outcome, remember_outcome
from .registry import kind_of_game


@dataclass(frozen=True)
class GameLimits:
    """The limits of a game's process.

    Attributes:
        start_seconds: the maximum time until a game is open, or solved.
        step_seconds: the maximum time of an action.
        reply_bytes: the maximum length of what an action leads to.
    """

    start_seconds: float = 180.0
    step_seconds: float = 60.0
    reply_bytes: int = 200_000


class GameProcess:
    """An open game in a process; see `open_game`.

    Args:
        game: the game as plain data.
        process: the worker, which has said hello.
        limits: its limits.
    """

    def __init__(self, game: Game, process: asyncio.subprocess.Process, limits: GameLimits) -> None:
        self._game, self._process, self._limits = game, process, limits
        self._actions: list[str] = []
        self._turn = Turn("", ())
        self._failure: str | None = None

    async def reset(self, seed: int = 0) -> Turn:
        """Start the game anew."""
        self._actions = []
        return self._receive(await self.ask({"reset": seed}, self._limits.start_seconds))

    async def step(self, action: str) -> Turn:
        """Take an action."""
        self._actions.append(action)
        return self._receive(await self.ask({"step": action}, self._limits.step_seconds))

    def _receive(self, reply: dict[str, Any]) -> Turn:
        try:
            self._turn = Turn(
                str(reply["observation"]),
                tuple(map(str, reply["admissible"])),
                min(1.0, max(0.0, float(reply["reward"]))),
                bool(reply["done"]),
            )
        except (KeyError, TypeError, ValueError):
            raise self._failed("it gave no state") from None
        return self._turn

    async def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the reply.

        Raises:
            GameFailed: when the process dies, takes too long or writes too much; when the game
                raises an error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            await self._process.stdin.drain()
            line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        except TimeoutError:
            raise self._failed(f"no answer within {seconds:g} s") from None
        except ValueError:
            raise self._failed(f"it wrote more than {self._limits.reply_bytes:,} bytes") from None
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._failed("its process ended")
        reply = json.loads(line)
        if not isinstance(reply, dict) or "error" in reply:
            raise self._failed(shorten(one_line(str(reply)), 200))
        return reply

    def _failed(self, reason: str) -> GameFailed:
        self._failure = reason
        return GameFailed(reason)

    async def close(self) -> None:
        """End the process and all that it started, and keep the outcome of what was played."""
        outcome = Outcome(self._turn.reward, self._turn.won, self._failure)
        remember_outcome(self._game, self._actions, outcome)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        assert self._process.stdout is not None
        while await self._process.stdout.read(1 << 16):
            pass  # asyncio's wait() returns only after the pipe is read to its end
        await self._process.wait()


@asynccontextmanager
async def _worker(game: Game, limits: GameLimits) -> AsyncIterator[GameProcess]:
    """Start the process of a game, and end it with the context."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cope.eval.environments.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=limits.reply_bytes,
        process_group=0,
    )
    opened = GameProcess(game, process, limits)
    hello = {"path": sys.path, "kind": kind_of_game(game).path}
    assert process.stdin is not None
    try:
        with suppress(OSError):
            process.stdin.write(json.dumps(hello).encode() + b"\n")
        yield opened
    finally:
        await opened.close()


class _LateGame:
    """A game that is opened by its first reset, so that a failure is one of the episode."""

    def __init__(self, process: GameProcess, game: Game, limits: GameLimits) -> None:
        self._process, self._game, self._limits = process, game, limits
        self._is_open = False

    @property
    def looks(self) -> Sequence[str]:
        return kind_of_game(self._game).looks

    async def reset(self, seed: int = 0) -> Turn:
        if not self._is_open:
            await self._process.ask({"open": dict(self._game)}, self._limits.start_seconds)
            self._is_open = True
        return await self._process.reset(seed)

    async def step(self, action: str) -> Turn:
        return await self._process.step(action)


@asynccontextmanager
async def open_game(game: Game, limits: GameLimits | None = None) -> AsyncIterator[_LateGame]:
    """Open a game in a process of its own.

    Args:
        game: the game as plain data.
        limits: the limits of its process.

    Raises:
        CopeError: when a package is missing, or the game is of no known kind.
    """
    limits = limits or GameLimits()
    kind_of_game(game).check()
    async with _worker(game, limits) as process:
        yield _LateGame(process, game, limits)


async def solve_game(game: Game, limits: GameLimits | None = None) -> Solution | None:
    """Let the game's planner find a sequence of actions that wins; None when there is none.

    Raises:
        CopeError: when a package is missing, or the game is of no known kind.
        GameFailed: when the planner dies or takes too long.
    """
    return await _solution(game, {"solve": dict(game)}, limits or GameLimits())


async def search_game(
    game: Game, solution: Solution, limits: GameLimits | None = None
) -> Solution | None:
    """Win a solved game as a player who does not know where things are.

    Returns:
        The steps; the solution itself where the kind of games has no other way; None when the
        search does not win.

    Raises:
        CopeError: when a package is missing, or the game is of no known kind.
        GameFailed: when the game dies or takes too long.
    """
    if kind_of_game(game).search is None:
        return solution
    request = {"search": dict(game), "solution": solution.as_dict()}
    return await _solution(game, request, limits or GameLimits())


async def _solution(game: Game, request: dict[str, Any], limits: GameLimits) -> Solution | None:
    kind_of_game(game).check()
    async with _worker(game, limits) as process:
        reply = await process.ask(request, limits.start_seconds)
    if reply.get("solution") is None:
        return None
    try:
        return Solution.from_dict(reply["solution"])
    except (KeyError, TypeError, ValueError):
        raise GameFailed("its planner gave no solution") from None
