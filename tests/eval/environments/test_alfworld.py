"""Generated household games: what is drawn, and that planners win them and chance does not."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest

from cope.errors import CopeError
from cope.eval.environments import solved
from cope.eval.environments.alfworld import package
from cope.eval.environments.alfworld.generate import generate_game
from cope.eval.environments.alfworld.kinds import TASK_KINDS
from cope.eval.environments.alfworld.layout import LAMP, Facts, draw_layout
from cope.eval.environments.alfworld.problem import write_problem
from cope.eval.environments.alfworld.rooms import BEDROOM, KITCHEN
from cope.eval.environments.outcomes import Outcome
from cope.eval.environments.play import play_actions
from cope.eval.environments.process import GameLimits, open_game, solve_game
from cope.eval.tasks.registry import task_by_name

_ALL = {*KITCHEN.objects, *BEDROOM.objects, LAMP}
_PLACES = {*KITCHEN.receptacles, *BEDROOM.receptacles}
FACTS = Facts(
    holds=dict.fromkeys(_PLACES, _ALL),
    actions={
        "Cleanable": {"Apple", "Fork", "Mug"},
        "Heatable": {"Apple", "Mug"},
        "Coolable": {"Apple", "Mug"},
    },
)


@pytest.mark.parametrize("kind", TASK_KINDS.values(), ids=lambda kind: kind.name)
def test_a_seed_always_draws_the_same_room_with_a_task_that_fits(kind: Any) -> None:
    for seed in range(20):
        layout = draw_layout(kind, seed, FACTS)
        assert layout == draw_layout(kind, seed, FACTS)
        if layout is None:
            continue
        wanted = [one for one in layout.objects if one.type == layout.wanted]
        assert len(wanted) >= kind.objects
        assert bool(layout.target) == kind.places
        assert layout.target not in {one.place[0] for one in wanted}
        lamps = [one for one in layout.objects if one.type == LAMP]
        assert lamps or kind.name != "look"
        if kind.needs:
            assert layout.wanted in FACTS.actions[kind.needs]
        problem = write_problem(layout, FACTS, "(:goal)", "p")
        declared = re.findall(r"^(\S+_bar_\S+) - ", problem, re.M)
        assert len(declared) == len(set(declared)), "every thing has a name of its own"
        for name in re.findall(r"\(inReceptacle (\S+) (\S+)\)", problem):
            assert set(name) <= set(declared)
        assert "Sink_bar__1" in problem or kind.name not in ("clean", "heat", "cool")
        assert "SinkBasin_bar" not in problem


@pytest.mark.parametrize("task", ["alfworld-gen", "textworld-cooking"])
def test_a_missing_package_says_what_to_install(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package.util, "find_spec", lambda name: None)
    found = task_by_name(task)
    game = next(found.source.games(0, None))  # type: ignore[attr-defined]
    with pytest.raises(CopeError, match=r"not installed; .*cope-dspy\[agents\].*--no-deps"):
        asyncio.run(solve_game(game))


GAMES = [{"environment": "alfworld", "kind": kind, "seed": 0} for kind in TASK_KINDS]
COOKING: Any = task_by_name("textworld-cooking")
GAMES += [next(COOKING.source.games(0, part)) for part in COOKING.source.parts]


PATIENT = GameLimits(start_seconds=900, step_seconds=900)  # for a busy machine
DRAWS, LIMIT = 3, 20
"""Games of a random agent, and its steps in each; a planner needs 3 to 12."""


async def _wins_by_chance(game: Any, draw: random.Random) -> list[bool]:
    wins: list[bool] = []
    async with open_game(game, PATIENT) as opened:
        for _ in range(DRAWS):
            turn = await opened.reset()
            for _ in range(LIMIT):
                turn = await opened.step(draw.choice(turn.admissible))
                if turn.done:
                    break
            wins.append(turn.won)
    return wins


def _import_packages(game: Any) -> None:
    pytest.importorskip("textworld")
    if game["environment"] == "alfworld":
        pytest.importorskip("alfworld")


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES, ids=lambda game: game["kind"])
def test_chance_wins_no_kind_of_games(game: Any) -> None:
    _import_packages(game)
    assert asyncio.run(_wins_by_chance(game, random.Random(1))) == [False] * DRAWS


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES, ids=lambda game: game["kind"])
def test_what_is_looked_at_twice_is_the_same_state(game: Any) -> None:
    """An observation that counts the actions would hide that a game runs in a circle."""
    _import_packages(game)

    async def look(times: int) -> list[Any]:
        async with open_game(game, PATIENT) as opened:
            await opened.reset()
            return [await opened.step("look") for _ in range(times)]

    first, *later = asyncio.run(look(3))
    assert first.observation and later == [first, first]


@pytest.mark.slow
def test_a_published_game_is_solved_and_won(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("textworld")
    pytest.importorskip("alfworld")
    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path))
    monkeypatch.setattr(solved, "cache_folder", lambda name: tmp_path)
    made = generate_game("place", 0)
    assert made is not None
    folder = tmp_path / "json_2.1.1/valid_seen/pick_and_place_simple-Spoon-None-Table-1/trial_T1"
    folder.mkdir(parents=True)
    (folder / "game.tw-pddl").write_text(made.data)
    (folder / "traj_data.json").write_text("{}")
    found = task_by_name("alfworld-gen")
    (game,) = found.load("valid_seen", 1)
    assert (game.question, game.fields["kind"]) == (f"{made.task}.", "place")
    assert asyncio.run(found.score(game, game.answer)).value == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES, ids=lambda game: game["kind"])
def test_the_planners_actions_win_each_kind_of_games(game: Any) -> None:
    _import_packages(game)
    solution = asyncio.run(solve_game(game, PATIENT))
    assert solution is not None
    won = asyncio.run(play_actions(game, solution.actions, open_game))
    assert won == Outcome(1.0, True)
    assert all(step.action in step.admissible for step in solution.steps)
