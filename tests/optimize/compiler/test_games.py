"""Compiles on whole games: each optimizer that can learns from how games end and from all their steps."""

import re
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.agent_replies import field, steps_done, team
from support.compile_world import ANY_PRESET
from support.games import CHESTS
from support.scripted_environment import GAME, TASK, WINS
from support.sweeps import mostly_slow

from cope import Cascade
from cope.errors import CopeError
from cope.eval import Score
from cope.models import ScriptedEngine, run_sync
from cope.optimize import OPTIMIZERS, Budget, Compilation, CompileResult, CompileSettings
from cope.optimize.compiler.feedback import write_feedback
from cope.optimize.compiler.splits import Splits, example_fingerprint
from cope.programs import System
from cope.programs.agent.settings import AgentSettings
from cope.util.files import read_jsonl

PROPOSAL = "Find the key carefully, and copy an action.\nProposed prefix for output field: Action"
LEARN = [name for name in ANY_PRESET if OPTIMIZERS[name].learns_from_games]
OTHERS = [name for name, one in OPTIMIZERS.items() if not one.learns_from_games]


def game(number: int) -> dspy.Example:
    one = dspy.Example(
        question=f"{TASK} {number}",
        answer="\n".join(WINS),
        game=GAME | {"seed": number},
        fields={"level": "short"},
    )
    return one.with_inputs("question", "game")


def small(messages: list[dict[str, str]], request: Any) -> str:
    """Win with care or demonstrations, and each third game without; else go to the cellar."""
    number = int(re.findall(r"\d+", field(messages, "Task"))[-1])
    helped = "carefully" in messages[0]["content"] or any(
        m["role"] == "assistant" for m in messages
    )
    if helped or number % 3 == 0:
        return WINS[min(steps_done(messages), 3)]
    return "go to cellar" if "go to cellar" in field(messages, "Actions") else "go to hall"


def play(program: Cascade) -> System:
    return CHESTS.player(program, AgentSettings(max_steps=6))


def compiled(
    folder: Path, optimizer: str, model: Any = small, budget: int = 900, **settings: Any
) -> tuple[CompileResult, ScriptedEngine]:
    """Compile, and return the result, and the small tier's engine."""
    program = Cascade("small", team(model), domain="agent")
    splits = Splits([game(n) for n in range(7)], [game(n) for n in range(7, 12)])
    given = CompileSettings(
        optimizer=optimizer,
        folder=folder,
        demos=2,
        budget=Budget(calls=budget),
        proposer=ScriptedEngine(lambda messages, request: PROPOSAL),
        **settings,
    )
    compilation = Compilation(program, splits, CHESTS.score, given, play)
    try:
        return compilation.run(), program.team["small"].engine  # type: ignore[return-value]
    finally:
        compilation.close()


@pytest.mark.parametrize("optimizer", mostly_slow(LEARN, "bootstrap-few-shot"))
def test_an_optimizer_learns_to_win_games(tmp_path: Path, optimizer: str) -> None:
    made, _ = compiled(tmp_path, optimizer)
    assert made.before.accuracy == 0.2
    assert made.after.accuracy == 1.0, made.stop_reason
    played = play(made.program)
    assert made.usage.calls <= 900
    assert played.name == "small"


@pytest.mark.parametrize("optimizer", OTHERS)
def test_an_optimizer_of_training_rows_says_what_to_compile_on(
    tmp_path: Path, optimizer: str
) -> None:
    with pytest.raises(CopeError, match=f"^{optimizer} .* a game is no step: train on the steps"):
        compiled(tmp_path, optimizer)


@pytest.mark.slow
def test_an_interrupted_compile_pays_no_step_twice(tmp_path: Path) -> None:
    part, first = compiled(tmp_path, "bootstrap-random-search", budget=105)
    assert part.stop_reason is not None
    made, second = compiled(tmp_path, "bootstrap-random-search")
    assert made.after.accuracy == 1.0
    calls = [line["key"] for line in read_jsonl(tmp_path / "calls.jsonl")]
    assert len(calls) == len(set(calls)) == len(first.requests) + len(second.requests)
    assert len(first.requests) > 50


@pytest.mark.slow
def test_fewer_steps_are_a_gain(tmp_path: Path) -> None:
    def slow(messages: list[dict[str, str]], request: Any) -> str:
        """Look into the cellar first, unless the instructions ask for care."""
        done = steps_done(messages)
        if "carefully" in messages[0]["content"]:
            return WINS[min(done, 3)]
        return ("go to cellar", "go to hall", *WINS)[min(done, 5)]

    made, _ = compiled(tmp_path, "copro", slow)
    assert made.before.accuracy == made.after.accuracy == 1.0
    assert made.improved
    assert "carefully" in str(made.program.dump_state())


def test_a_game_that_fails_is_a_lost_game(tmp_path: Path) -> None:
    program = Cascade("small", team(small), domain="agent")
    bad = [game(n) for n in range(4)]
    for one in bad:
        one.game = GAME | {"trouble": "it broke", "at": 5, "seed": one.question}
    splits = Splits(bad, [game(n) for n in range(4, 8)])
    settings = CompileSettings(optimizer="bootstrap-few-shot", folder=tmp_path, demos=1)
    compilation = Compilation(program, splits, CHESTS.score, settings, play)
    try:
        made = compilation.run()
    finally:
        compilation.close()
    assert (made.before.accuracy, made.after.accuracy) == (0.25, 1.0)


def test_games_with_the_same_task_are_different_questions() -> None:
    one, other = game(1), game(1)
    assert example_fingerprint(one) == example_fingerprint(other)
    other.game = GAME | {"seed": 2}
    assert example_fingerprint(one) != example_fingerprint(other)


def test_who_reflects_reads_how_the_game_went() -> None:
    player = play(Cascade("small", team(small), domain="agent"))
    played = run_sync(player.acall(**game(1).inputs().toDict()))
    read = write_feedback(Score(0.0, "The game is not won."), played, "round_1.reasoner.predict")
    assert read.startswith("The game is not won. The game ended after 5 steps: loop.")
    assert "1. go to cellar -> You are in the cellar." in read.splitlines()
