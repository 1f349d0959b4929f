"""knn-few-shot on the steps of solved games: a game's step is shown the solved step most like it."""

import re
from pathlib import Path
from typing import Any

import pytest
from support.agent_replies import field, steps_done, team
from support.games import CHESTS
from support.scripted_environment import TASK, WINS, ChestGame
from support.tracking import TrackerInMemory

from cope import Cascade
from cope.eval.environments import solved
from cope.eval.environments.base import follow
from cope.models import run_sync
from cope.optimize import Compilation, CompileSettings, split
from cope.optimize.compiler.options import OutputOptions, SplitOptions
from cope.optimize.compiler.run import (
    CompileHooks,
    CompileRequest,
    ProgressCallback,
    run_compile,
)
from cope.programs.agent.settings import AgentSettings
from cope.programs.options import ProgramOptions


@pytest.fixture(autouse=True)
def _solved_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def solve(game: Any, limits: Any) -> Any:
        if game["hopeless"]:
            return None
        return follow(ChestGame(), f"{TASK} {game['seed']}", WINS)

    async def search(game: Any, solution: Any, limits: Any) -> Any:
        return solution

    monkeypatch.setattr(solved, "solve_game", solve)
    monkeypatch.setattr(solved, "search_game", search)
    monkeypatch.setattr(solved, "cache_folder", lambda name: tmp_path)


def knows_training_games(messages: list[dict[str, str]], request: Any) -> str:
    """Know the steps of training games; elsewhere only what a demonstration shows."""
    right = WINS[min(steps_done(messages), 3)]
    number = int(re.findall(r"\d+", field(messages, "Task"))[-1])
    shown = any(right in m["content"] for m in messages if m["role"] == "assistant")
    if shown or 1_000_000 <= number < 2_000_000:
        return f"It is next.\nAction: {right}"
    return "I do not know.\nAction: go to cellar"


def test_a_step_is_shown_the_solved_step_most_like_it(tmp_path: Path) -> None:
    steps: Any = CHESTS.with_variant("steps")
    splits = split(steps.load("train", 8), steps.load("validation", 4))
    program = Cascade("small", team(knows_training_games), domain="agent")

    async def score(example: Any, answer: str | None) -> float:
        return (await steps.score(example, answer)).value

    settings = CompileSettings(optimizer="knn-few-shot", folder=tmp_path / "made", demos=1)
    compilation = Compilation(program, splits, score, settings)
    try:
        made = compilation.run()
    finally:
        compilation.close()
    assert (made.before.accuracy, made.after.accuracy) == (0.0, 1.0)
    (demos,) = made.program.knn_demos.values()
    assert all(demo["question"].startswith("Task: open the chest") for demo in demos.demos)
    (game,) = CHESTS.load("test", 1)
    for one, wins in ((program, False), (made.program, True)):
        player: Any = CHESTS.player(one, AgentSettings(max_steps=6))
        played = run_sync(player.acall(**game.inputs().toDict()))
        assert (played.answer == game.answer) == wins


def plays_what_it_was_shown(messages: list[dict[str, str]], request: Any) -> str:
    """Take the action that a demonstration takes in this turn; without one, leave."""
    shown = [m["content"] for m in messages if m["role"] == "assistant"]
    done = len(shown) - len(WINS)
    return shown[done] if done >= 0 else "go to cellar"


@pytest.mark.parametrize(
    ("optimizer", "demos", "history", "reply"),
    [
        ("knn-few-shot", 1, "", knows_training_games),
        ("labeled-few-shot", 16, "", knows_training_games),
        ("knn-few-shot", 1, "history = 'turns'", plays_what_it_was_shown),
    ],
)
def test_a_compile_of_games_trains_on_their_steps(
    tmp_path: Path, optimizer: str, demos: int, history: str, reply: Any
) -> None:
    """Candidates are chosen by the games that they win; turns are shown whole games."""
    preset = tmp_path / "preset.toml"
    preset.write_text(f"name = 'p'\n[[rounds]]\nreasoner = 'small'\n{history}\n")
    request = CompileRequest(
        task=CHESTS,
        team=team(reply),
        prompt_settings={},
        program_options=ProgramOptions(preset=str(preset)),
        settings=CompileSettings(optimizer=optimizer, demos=demos),
        split_options=SplitOptions(train=4, val=4, named=("val_split",)),
        output_options=OutputOptions(
            output=tmp_path / "made.json", directory=tmp_path, track=False
        ),
        tracker=TrackerInMemory(),
        agent_settings=AgentSettings(max_steps=6),
    )
    notes: list[str] = []
    hooks = CompileHooks(
        load_models=lambda *_: None,
        on_plan=lambda *_: None,
        confirm=lambda: None,
        notify=notes.append,
    )
    made = run_compile(request, ProgressCallback(), hooks)
    assert made.result is not None
    assert (made.result.before.accuracy, made.result.after.accuracy) == (0.0, 1.0)
    shown = str(made.result.program.dump_state())
    assert all(action in shown for action in WINS)
