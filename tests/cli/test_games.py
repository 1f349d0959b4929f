"""Games on the command line: eval, compare, ask, and a run's episodes at other thresholds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.agent_replies import expert, team
from support.commands import cope, done, give_team
from support.games import CHESTS
from support.scripted_environment import TASK, WINS, ChestGame

from cope.eval import Recording
from cope.eval.environments import solved
from cope.eval.environments.base import follow
from cope.eval.tasks.registry import TASKS


@pytest.fixture(autouse=True)
def _chests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    async def solve(game: Any, limits: Any) -> Any:
        return follow(ChestGame(), f"{TASK} {game['seed']}", WINS)

    monkeypatch.setattr(solved, "solve_game", solve)
    monkeypatch.setattr(solved, "cache_folder", lambda name: tmp_path)
    monkeypatch.chdir(tmp_path)
    give_team(monkeypatch, lambda options: team(expert))
    TASKS.register("chests", CHESTS)
    yield
    TASKS.unregister("chests")


GAMES = ("chests", "--limit", "2", "--no-track")


def test_games_are_evaluated_and_replayed_at_other_thresholds() -> None:
    made = json.loads(done("eval", *GAMES, "--preset", "cope-react", "--json").stdout)
    assert made["accuracy"] == 1.0
    assert made["episodes"]["ends"] == {"won": 2}
    assert made["agent"]["escalate"] == "step"
    again = done("eval", "--replay", made["folder"], "--thresholds", "0.5").stdout
    assert "8 of 8 steps take the recorded action" in again
    limited = json.loads(
        done("eval", *GAMES, "--preset", "cope-react", "--max-steps", "2", "--json").stdout
    )
    assert limited["episodes"]["ends"] == {"step limit": 2}
    assert limited["folder"] != made["folder"]
    text = done("eval", *GAMES, "--preset", "cope-react").stdout
    assert "4.0 steps a game, 4.0 where it was won; 0.0% of 8 steps escalated" in text


def test_steps_are_recorded_with_their_games_as_groups(tmp_path: Path) -> None:
    words = ("chests:steps", "--limit", "6", "--group", "game", "--preset", "cope-react")
    done("record", *words, "-o", "steps.parquet")
    recording = Recording.open(tmp_path / "steps.parquet")
    assert len(recording) == 6
    made = json.loads(done("eval", "--replay", "steps.parquet", "--json").stdout)
    assert (made["n"], made["accuracy"]) == (6, 1.0)


@pytest.mark.slow
def test_systems_are_compared_by_game() -> None:
    made = json.loads(done("compare", *GAMES, "--presets", "small,large", "--json").stdout)
    assert [system["accuracy"] for system in made["systems"].values()] == [1.0, 1.0]


def test_a_compile_plays_games_within_their_limits(tmp_path: Path) -> None:
    words = ("--train", "4", "--val", "4", "--optimizer", "bootstrap-few-shot", "--demos", "1")
    settings = ("--preset", "small", "--max-steps", "5", "--no-track", "--yes", "--json")
    made = json.loads(done("compile", "chests", *words, *settings, "-o", "made.json").stdout)
    assert (made["before"]["accuracy"], made["agent"]["max_steps"]) == (1.0, 5)
    assert made["splits"]["train"] != made["splits"]["val"]
    assert json.loads((tmp_path / "made.json").read_text())["compiled"]["splits"]["val"]["n"] == 4


def test_a_game_is_played_live() -> None:
    played = done("ask", "--task", "agent", "--game", "chests#1", "--preset", "cope-react")
    assert played.stdout.splitlines() == list(WINS)
    assert "ended: won" in played.stderr


@pytest.mark.parametrize(
    "words", [("--task", "agent", "Who?"), ("--game", "chests", "--task", "code")]
)
def test_a_game_and_its_task_go_together(words: tuple[str, ...]) -> None:
    refused = cope("ask", *words)
    assert refused.exit_code == 2
    assert "--game FILE" in refused.output
