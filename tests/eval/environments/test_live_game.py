"""A game is played live, and games are found by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.agent_replies import expert, team
from support.games import CHESTS
from support.scripted_environment import TASK, WINS, ChestGame

from cope import Cascade
from cope.errors import CopeError
from cope.eval.environments import solved
from cope.eval.environments.base import follow
from cope.eval.tasks.live_game import find_game, play_live
from cope.eval.tasks.registry import TASKS
from cope.programs.agent.settings import AgentSettings


@pytest.fixture(autouse=True)
def _chests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    async def solve(game: object, limits: object) -> object:
        return follow(ChestGame(), TASK, WINS)

    monkeypatch.setattr(solved, "solve_game", solve)
    monkeypatch.setattr(solved, "cache_folder", lambda name: tmp_path)
    TASKS.register("chests", CHESTS)
    yield
    TASKS.unregister("chests")


def test_a_game_is_shown_step_by_step() -> None:
    lines: list[str] = []
    program = Cascade("cope-react", team(expert), domain="agent")
    played = play_live("chests#2", program, AgentSettings(), lines.append)
    assert played.document()["won"]
    assert played.document()["actions"] == list(WINS)
    assert lines[0] == "task: open the chest (4 steps win)"
    assert "step 2: take key  (round 1, 100% of 4 samples)" in "\n".join(lines)
    assert lines[-1] == "ended: won"


@pytest.mark.parametrize("name", ["", "gsm8k", "nothing.txt", "chests#0x", "a task"])
def test_what_is_no_game_is_one_clear_line(name: str) -> None:
    with pytest.raises(CopeError, match="game|task"):
        find_game(name)
