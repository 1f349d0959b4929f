"""A task of games of `scripted_environment`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dspy

from cope import Cascade
from cope.eval import RunStore, evaluate
from cope.eval.tasks.games import GameTask
from cope.models import run_sync
from cope.programs.agent.settings import AgentSettings, Escalate
from support.agent_replies import expert, field, steps_done, team
from support.scripted_environment import GAME, TASK, WINS, open_in_process


class ChestGames:
    """Every second game has no solution."""

    parts: Sequence[str] = ("easy", "hard")
    published: Mapping[str, Path] = {}

    def games(self, start: int, part: str | None) -> Iterator[dict[str, Any]]:
        number = start
        while True:
            yield {"environment": "chest", "seed": number, "hopeless": number % 2 == 1}
            number += 1

    def files(self, folder: Path, part: str | None) -> list[Any]:
        return [{"environment": "chest", "file": str(folder)}]

    def fields(self, game: Any, solution: Any) -> dict[str, str]:
        return {"level": "short"}


CHESTS = GameTask("chests", ChestGames(), opener=open_in_process)


def unsure_at_second(messages: list[dict[str, str]], request: Any) -> str:
    """Know what wins, but at the second step disagree with other samples."""
    if steps_done(messages) != 1:
        return expert(messages, request)
    actions = field(messages, "Actions").splitlines()
    return f"I try it.\nAction: {actions[(request.config.seed or 0) % len(actions)]}"


def run_of_games(folder: Path, escalate: Escalate = "step") -> Path:
    """Play two games with `cope-react`, and return the folder of the run."""
    games = []
    for number in range(2):
        one = dspy.Example(
            id=f"g{number}", question=f"{TASK} {number}", answer="\n".join(WINS), game=dict(GAME)
        )
        games.append(one.with_inputs("question", "game"))
    program = Cascade("cope-react", team(unsure_at_second), domain="agent", early_stop="none")
    models = {"small": "a/small", "large": "a/large"}
    settings = {"task": "chests", "preset": "cope-react", "split": "test", "data": None}
    store = RunStore(settings | {"models": models}, folder)
    with store.open():
        store.update_metadata(domain="agent", answer_kind="action", program_file=None)
        player = CHESTS.player(program, AgentSettings(escalate=escalate))
        run_sync(evaluate(CHESTS, games, player, store))
    return store.path
