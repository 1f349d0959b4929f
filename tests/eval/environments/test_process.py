"""A game in a process of its own: it is played, and one that hangs, dies or floods has failed."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.scripted_environment import GAME, TASK, WINS, registered

from cope.errors import CopeError
from cope.eval.environments.outcomes import known_outcome
from cope.eval.environments.play import play_actions
from cope.eval.environments.process import GameLimits, open_game, solve_game
from cope.programs.agent.environment import GameFailed

LIMITS = GameLimits(start_seconds=120, step_seconds=3, reply_bytes=20_000)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered():
        yield


async def _play(game: Any, actions: tuple[str, ...]) -> Any:
    async with open_game(game, LIMITS) as opened:
        turns = [await opened.reset()]
        for action in actions:
            turns.append(await opened.step(action))
    return turns


@pytest.mark.slow
def test_a_game_is_played_in_its_process_and_what_it_prints_is_no_reply() -> None:
    turns = asyncio.run(_play({**GAME, "trouble": "print", "at": 2}, WINS))
    assert turns[0].admissible == ("go to kitchen", "go to cellar", "open chest")
    assert [turn.won for turn in turns] == [False, False, False, False, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("hang", "no answer within 3 s"), ("die", "its process ended"), ("flood", "wrote more than")],
)
def test_a_game_that_hangs_dies_or_floods_has_failed_and_leaves_no_process(
    trouble: str, reason: str
) -> None:
    before = _children()
    began = time.monotonic()
    with pytest.raises(GameFailed, match=reason):
        asyncio.run(_play({**GAME, "trouble": trouble, "at": 2}, WINS))
    assert time.monotonic() - began < 100
    assert _children() <= before


def _children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


@pytest.mark.slow
def test_actions_that_were_just_played_are_not_played_again_to_score_them() -> None:
    asyncio.run(_play(GAME, WINS))
    outcome = known_outcome(GAME, WINS)
    assert outcome is not None
    assert outcome.won

    def no_game(game: Any) -> Any:
        raise AssertionError("the game is opened again")

    assert asyncio.run(play_actions(GAME, WINS, no_game)) == outcome
    assert known_outcome(GAME, WINS[:2]) is None


@pytest.mark.slow
def test_a_planner_solves_in_a_process_too() -> None:
    solution = asyncio.run(solve_game(GAME, LIMITS))
    assert solution is not None
    assert (solution.task, solution.actions) == (TASK, WINS)
    assert asyncio.run(solve_game({**GAME, "hopeless": True}, LIMITS)) is None


@pytest.mark.parametrize("game", [{}, {"environment": 3}, {"environment": "chestt"}])
def test_a_game_of_no_known_kind_is_one_clear_line(game: Any) -> None:
    with pytest.raises(CopeError, match="environment"):
        asyncio.run(_play(game, ()))
