"""Play one game with a program, and show it step by step."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy

from ...errors import CopeError
from ...models import run_sync
from ...programs import Cascade
from ...programs.agent.agent import Agent
from ...programs.agent.missing_games import missing_games
from ...programs.agent.records import StepRecord
from ...programs.agent.settings import AgentSettings
from ...programs.systems.answer import SystemAnswer, ask_system
from ..environments.live_text import step_lines
from .base import Score
from .games import GameTask
from .registry import task_by_name

TASK_OF_FILE = {".tw-pddl": "alfworld-gen", ".z8": "textworld-cooking"}
"""The task that reads a game's file, by the end of its name."""

_NUMBERED = re.compile(r"(?P<task>[\w:-]+)(?:#(?P<number>\d{1,4}))?")


@dataclass(frozen=True)
class LiveGame:
    """A game that was played.

    Attributes:
        example: the game.
        answer: what was done, and what it took.
        score: whether it is won.
    """

    example: dspy.Example
    answer: SystemAnswer
    score: Score

    def document(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "game": self.example.game,
            "task": self.example.question,
            "won": self.score.value == 1.0,
            "actions": (self.answer.answer or "").splitlines(),
            "feedback": self.score.feedback,
            "steps": self.answer.steps,
            "usage": self.answer.usage,
            "usd": self.answer.usd,
            "seconds": self.answer.seconds,
        }


def find_game(name: str) -> tuple[GameTask, dspy.Example]:
    """Return a game and its task.

    Args:
        name: a game's file; or a task of games and the number of one of its games, from 1, as in
            `alfworld-gen:clean#3`.

    Raises:
        CopeError: for another file or task, or a game without a solution.
    """
    for ending, task_name in TASK_OF_FILE.items():
        if name.endswith(ending):
            task = task_by_name(task_name)
            assert isinstance(task, GameTask)
            return task, task.load("test", 1, name)[0]
    parts = _NUMBERED.fullmatch(name)
    if parts is None or Path(name).exists():
        raise CopeError(
            f"{name} is no game: give a file {' or '.join(f'*{end}' for end in TASK_OF_FILE)}, "
            "or a task such as alfworld-gen#3"
        )
    task = task_by_name(parts["task"])
    if not isinstance(task, GameTask):
        raise CopeError(f"the task {task.name!r} has no games: give one such as alfworld-gen#3")
    number = max(1, int(parts["number"] or 1))
    games = task.load("test", number)
    if len(games) < number:
        raise CopeError(f"the task {task.name!r} has {len(games)} games, and no number {number}")
    return task, games[-1]


def play_live(
    name: str, program: Cascade, settings: AgentSettings, say: Callable[[str], None]
) -> LiveGame:
    """Play a game, and show each step as it is made.

    Args:
        name: the game, see `find_game`.
        program: chooses the actions.
        settings: the limits.
        say: receives each line.

    Raises:
        CopeError: see `find_game`.
    """
    task, example = find_game(name)
    say(f"task: {example.question} ({len(example.answer.splitlines())} steps win)")
    missing = missing_games(program)
    if missing:
        say(f"warning: {missing}")

    def show(step: StepRecord) -> None:
        for line in step_lines(step):
            say(line)

    agent = Agent(program, task.opener, settings, show)

    async def play() -> LiveGame:
        answer = await ask_system(agent, dict(example.inputs().items()))
        return LiveGame(example, answer, await task.score(example, answer.answer))

    return run_sync(play())
