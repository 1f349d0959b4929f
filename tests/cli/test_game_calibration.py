"""Calibration by the step of a game: games are the groups, and the thresholds then play games."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.agent_replies import expert, field, steps_done, team
from support.commands import done, give_team
from support.games import CHESTS
from support.scripted_environment import TASK, WINS, ChestGame

from cope.eval import Recording, RunStore
from cope.eval.environments import solved
from cope.eval.environments.base import follow
from cope.eval.tasks.registry import TASKS
from cope.optimize.calibration import CalibrationTarget, calibrate
from cope.stats.intervals import wilson

GAMES, STEPS = 16, 4


def small(messages: list[dict[str, str]], request: Any) -> str:
    """Know each second game; in the others the samples of a step disagree."""
    seed = int(re.findall(r"\d+", field(messages, "Task"))[-1])
    if seed % 4:
        return expert(messages, request)
    actions = field(messages, "Actions").splitlines()
    return f"Hm.\nAction: {actions[(request.config.seed or 0) % len(actions)]}"


def large(messages: list[dict[str, str]], request: Any) -> str:
    """Know all games but each eighth, in which all steps are wrong."""
    seed = int(re.findall(r"\d+", field(messages, "Task"))[-1])
    if seed % 16 or steps_done(messages) == 3:
        return expert(messages, request)
    return "Hm.\nAction: go to cellar"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folder = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _recorded(folder, monkeypatch)


def _recorded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    async def solve(game: Any, limits: Any) -> Any:
        return follow(ChestGame(), f"{TASK} {game['seed']}", WINS)

    monkeypatch.setattr(solved, "solve_game", solve)
    monkeypatch.setattr(solved, "cache_folder", lambda name: folder)
    monkeypatch.chdir(folder)
    give_team(monkeypatch, lambda options: team(small, large))
    TASKS.register("chests", CHESTS)
    words = ("chests:steps", "--limit", str(GAMES * STEPS), "--group", "game")
    done("record", *words, "--preset", "cope-react", "-o", "steps.parquet")
    yield Recording.open(folder / "steps.parquet")
    TASKS.unregister("chests")


@pytest.mark.slow
def test_the_steps_of_a_game_are_one_group(record: Recording) -> None:
    found = calibrate(record, CalibrationTarget(harm=0.3))
    assert found.target.group == "game"
    assert found.setting is not None
    assert "of a group's questions, on average over groups" in found.guarantee
    assert (found.split.test.units, len(found.split.test.rows)) == (GAMES, GAMES * STEPS)


@pytest.mark.slow
def test_intervals_count_games_and_not_steps(record: Recording) -> None:
    made = json.loads(done("eval", "--replay", "steps.parquet", "--json").stdout)
    right = round(made["accuracy"] * made["n"])
    low, high = wilson(right, made["n"])
    assert made["n"] == GAMES * STEPS
    assert made["interval"][0] < low < high < made["interval"][1]


def test_calibrated_thresholds_of_steps_play_games(record: Recording) -> None:
    done("calibrate", "steps.parquet", "--harm", "0.3", "-o", "steps.calibration")
    words = ("chests", "--limit", "4", "--preset", "cope-react", "--no-track", "--json")
    played = done("eval", *words, "--calibration", "steps.calibration")
    assert "the calibration is of chests-steps and these questions are of chests" in played.stderr
    found = calibrate(record, CalibrationTarget(harm=0.3))
    assert found.setting is not None
    (chosen,) = found.setting.thresholds
    run = RunStore.read(Path(json.loads(played.stdout)["folder"]))
    assert run.stages[0].threshold == chosen
    used = set()
    for game in run.answered.values():
        used |= {step.get("rounds", [{}])[0].get("threshold") for step in game.steps[:-1]}
    assert used == {chosen}
