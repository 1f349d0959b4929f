"""Tasks of games and of the steps of solved games."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from support.agent_replies import expert, team
from support.games import CHESTS
from support.scripted_environment import TASK, WINS, ChestGame

from cope import Cascade
from cope.errors import CopeError
from cope.eval.environments import solved
from cope.eval.environments.base import follow
from cope.eval.environments.game_cache import SolutionCache
from cope.eval.tasks.adaptable import check_single_step
from cope.eval.tasks.alfworld import AlfworldGames
from cope.eval.tasks.games import StepTask
from cope.eval.tasks.registry import task_by_name
from cope.models import run_sync
from cope.programs.agent.agent import Agent
from cope.programs.agent.settings import AgentSettings


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Solve in this process, with a cache of its own; return the games that were solved."""
    asked: list[Any] = []

    async def solve(game: Any, limits: Any) -> Any:
        asked.append(game)
        return None if game.get("hopeless") else follow(ChestGame(), TASK, WINS)

    monkeypatch.setattr(solved, "solve_game", solve)
    monkeypatch.setattr(solved, "cache_folder", lambda name: tmp_path)
    return asked


def test_games_are_those_that_a_planner_solves_and_are_solved_once(
    asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    games = CHESTS.load("test", 3)
    assert capsys.readouterr().err == "chests: solving games: 0 of 3\n"
    assert [game.game["seed"] for game in games] == [0, 2, 4]
    assert games[0].answer == "\n".join(WINS)
    assert games[0].question == TASK
    count = len(asked)
    assert CHESTS.load("test", 3) == games
    assert len(asked) == count
    assert capsys.readouterr().err == ""
    other = CHESTS.load("train", 3)
    assert not {one.game["seed"] for one in other} & {one.game["seed"] for one in games}


def test_the_planners_actions_win_through_the_environment_and_random_ones_do_not() -> None:
    (game,) = CHESTS.load("test", 1)
    score = asyncio.run(CHESTS.score(game, game.answer))
    assert (score.value, score.feedback) == (1.0, "The game is won in 4 steps.")
    draw = random.Random(1)
    wins = 0.0
    for _ in range(20):
        played, actions = ChestGame(), []
        for _ in range(4):
            actions.append(draw.choice(played.admissible))
            played.step(actions[-1])
        wins += asyncio.run(CHESTS.score(game, "\n".join(actions))).value
    assert wins < 3


@pytest.mark.parametrize("answer", [None, "go to kitchen", "dance\nsing"])
def test_other_answers_do_not_win(answer: str | None) -> None:
    (game,) = CHESTS.load("test", 1)
    assert asyncio.run(CHESTS.score(game, answer)).value == 0.0


def test_the_player_of_a_task_plays_its_games() -> None:
    (game,) = CHESTS.load("test", 1)
    program = Cascade("small", team(expert), domain="agent")
    player = CHESTS.player(program, AgentSettings())
    assert isinstance(player, Agent)
    assert run_sync(player.acall(**game.inputs().toDict())).answer == game.answer


def test_the_steps_of_solved_games_are_questions_that_a_cascade_answers() -> None:
    steps = CHESTS.with_variant("steps")
    assert isinstance(steps, StepTask)
    examples = steps.load("test", 6)
    assert [one.answer for one in examples] == [*WINS, *WINS[:2]]
    assert [one.fields["game"] for one in examples] == ["chests-test-0"] * 4 + ["chests-test-1"] * 2
    assert examples[1].task_inputs["history"] == "1. go to hall" or examples[1].task_inputs[
        "history"
    ].startswith("1. go to kitchen")
    program = Cascade("cope-react", team(expert), domain="agent")
    answers = [run_sync(program.acall(**one.inputs().toDict())).answer for one in examples]
    assert answers == [one.answer for one in examples]
    scores = [asyncio.run(steps.score(one, one.answer)).value for one in examples]
    assert scores == [1.0] * 6
    assert asyncio.run(steps.score(examples[0], "open chest")).value == 0.0


@pytest.mark.parametrize("limit", [1, 4, 9, 30])
def test_a_number_of_steps_solves_no_more_games_than_it_takes(limit: int, asked: list[Any]) -> None:
    steps = CHESTS.with_variant("steps").load("test", limit)
    assert len(steps) == limit
    solvable = [game for game in asked if not game["hopeless"]]
    assert len(solvable) <= limit // 2 + 2


@pytest.mark.parametrize("name", ["alfworld-gen:dance", "textworld-cooking:dance"])
def test_an_unknown_part_names_the_known_ones(name: str) -> None:
    with pytest.raises(CopeError, match="no part 'dance'"):
        task_by_name(name)


@pytest.mark.parametrize("name", ["alfworld-gen", "alfworld-gen:clean", "textworld-cooking:cut"])
def test_an_unknown_split_is_one_clear_line(name: str) -> None:
    task = task_by_name(name)
    with pytest.raises(CopeError, match="no split 'dev'"):
        task.load("dev", 1)


def test_published_games_are_found_below_their_folder(tmp_path: Path) -> None:
    for kind in ("pick_heat_then_place_in_recep-Egg-None-Fridge-2", "look_at_obj_in_light-CD-1"):
        folder = tmp_path / kind / "trial_1"
        folder.mkdir(parents=True)
        (folder / "game.tw-pddl").write_text("{}")
    source = AlfworldGames()
    assert [game["kind"] for game in source.files(tmp_path, None)] == ["look", "heat"]
    assert [game["kind"] for game in source.files(tmp_path, "heat")] == ["heat"]
    with pytest.raises(CopeError, match=r"no game\.tw-pddl"):
        source.files(tmp_path / "nothing", None)


def test_installed_games_are_splits_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path))
    found = task_by_name("alfworld-gen")
    with pytest.raises(CopeError, match="alfworld-download installs"):
        found.load("valid_unseen", 1)
    for name in ("pick_two_obj_and_place-Pen-None-Desk-3", "pick_and_place_with_movable_recep-A-1"):
        folder = tmp_path / "json_2.1.1" / "valid_unseen" / name / "trial_T1"
        folder.mkdir(parents=True)
        (folder / "game.tw-pddl").write_text("{}")
    games = found.load("valid_unseen", 5)
    assert [game.fields["kind"] for game in games] == ["other", "two"]
    assert all(Path(game.game["file"]).is_file() for game in games)
    assert [
        one.fields["kind"] for one in task_by_name("alfworld-gen:two").load("valid_unseen")
    ] == ["two"]
    with pytest.raises(CopeError, match="no split 'valid_unsen'.*valid_unseen"):
        found.load("valid_unsen", 1)


def test_a_damaged_solution_is_worked_out_again(tmp_path: Path) -> None:
    cache = SolutionCache(tmp_path)
    cache.add({"seed": 1}, follow(ChestGame(), TASK, WINS))
    file = tmp_path / "solutions.jsonl"
    file.write_text(file.read_text().replace('"task"', '"other"'))
    assert SolutionCache(tmp_path).get({"seed": 1}) == (False, None)


def test_games_are_refused_where_only_single_steps_will_do() -> None:
    check_single_step(CHESTS.with_variant("steps"))
    with pytest.raises(CopeError, match="name the steps of solved games, as in chests:steps"):
        check_single_step(CHESTS)
