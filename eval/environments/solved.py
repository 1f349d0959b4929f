"""Solve games by their planners, and keep the solutions."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ...errors import CopeError
from ...models import run_sync
from ...programs.agent.environment import Game, GameFailed
from ...util.count_bar import CountBar
from .base import Solution
from .game_cache import SolutionCache, cache_folder
from .process import GameLimits, search_game, solve_game

_MOST_TRIES = 20  # candidates for each game that is wanted
_LIMITS = GameLimits(start_seconds=900)
_AT_ONCE = max(1, min(4, (os.cpu_count() or 2) - 1))


@dataclass(frozen=True)
class SolvedGame:
    """A game, and how it is won."""

    game: Game
    solution: Solution


def solved_games(name: str, candidates: Iterator[Game], count: int) -> list[SolvedGame]:
    """Return the first games that a planner solves, in the order of the candidates.

    Solutions are kept in the user's cache, because a planner takes seconds.

    Args:
        name: the name of the task, and of its file of solutions.
        candidates: games that may have no solution.
        count: number of games.

    Raises:
        CopeError: when none of the candidates can be solved.
    """
    tries = list(islice(candidates, count * _MOST_TRIES))
    cache = SolutionCache(cache_folder(name))
    with CountBar(f"{name}: solving games", count) as bar:
        found = run_sync(_solve(tries, count, cache, bar))
    if not found:
        raise CopeError(f"{name}: none of {len(tries)} games can be solved: give other games")
    return found


async def _solve(
    tries: list[Game], count: int, cache: SolutionCache, bar: CountBar
) -> list[SolvedGame]:
    found: list[SolvedGame] = []
    while tries and len(found) < count:
        batch, tries = tries[:_AT_ONCE], tries[_AT_ONCE:]
        if not all(map(cache.knows, batch)):
            bar.show(len(found))
        solutions = await asyncio.gather(*(_solution(game, cache) for game in batch))
        for game, solution in zip(batch, solutions, strict=True):
            if solution is not None and len(found) < count:
                found.append(SolvedGame(game, solution))
    return found


def searched_games(name: str, games: Sequence[SolvedGame]) -> list[Solution]:
    """Return how solved games are won by a player who does not know where things are.

    They are kept in the user's cache too.

    Args:
        name: the name of the task.
        games: the games.
    """
    cache = SolutionCache(cache_folder(name), "searches")
    with CountBar(f"{name}: searching games", len(games)) as bar:
        return run_sync(_search(games, cache, bar))


async def _search(
    games: Sequence[SolvedGame], cache: SolutionCache, bar: CountBar
) -> list[Solution]:
    found: list[Solution] = []
    for start in range(0, len(games), _AT_ONCE):
        batch = games[start : start + _AT_ONCE]
        if not all(cache.knows(one.game) for one in batch):
            bar.show(len(found))
        found += await asyncio.gather(*(_searched(one, cache) for one in batch))
    return found


async def _searched(one: SolvedGame, cache: SolutionCache) -> Solution:
    """Return a search of a game; its solution where the search does not win, or the game fails."""
    known, found = cache.get(one.game)
    if not known:
        try:
            found = await search_game(one.game, one.solution, _LIMITS)
        except GameFailed:
            return one.solution
        cache.add(one.game, found)
    return found or one.solution


async def _solution(game: Game, cache: SolutionCache) -> Solution | None:
    known, solution = cache.get(game)
    if known:
        return solution
    try:
        solution = await solve_game(game, _LIMITS)
    except GameFailed:
        return None  # which is not kept, because the planner may do better on a faster machine
    cache.add(game, solution)
    return solution
