"""Small records made with scripted models, whose samples disagree, fail to be read, and share plans now and then."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dspy

from cope import Cascade, Preset, Team
from cope.eval import Recorder, Recording, RunStore, evaluate, task_by_name, write_recording
from cope.models import ScriptedEngine
from cope.programs.sampling import derive_seed

SETTINGS: dict[str, Any] = {"task": "jsonl", "preset": "p", "models": {}}


def examples(count: int) -> list[dspy.Example]:
    return [
        dspy.Example(id=f"q{n}", question=f"What is {n} + 1?", answer=str(n + 1)).with_inputs(
            "question"
        )
        for n in range(count)
    ]


def unsure(ask: Any) -> str:
    """Some plans and answers cannot be read; answers agree more on some questions than on others."""
    number = int(re.search(r"What is (\d+)", ask.user)[1])  # type: ignore[index]
    draw = derive_seed(ask.tier, ask.user, ask.seed, ask.role)
    if ask.role == "plan":
        return " " if draw % 7 == 0 else f"Plan {draw % 4}."
    if ask.tier == "large":
        return f"Because.\nAnswer: {number + 1 + (draw % 4 == 0)}"
    if draw % 11 == 0:
        return " "
    wrong = draw % (2 + number % 4)
    return f"WORKINGS.\nAnswer: {number + 1}.0" if wrong < 2 else f"So.\nAnswer: {number + wrong}"


def team_of(reply: Callable[[Any], str], **options: Any) -> Team:
    """A scripted team for tests of a whole file, as the fixture `scripted` makes it for one test."""

    def engine(tier: str) -> ScriptedEngine:
        def script(messages: list[dict[str, str]], request: Any) -> str:
            role = "reason" if "Answer:" in messages[0]["content"] else "plan"
            return reply(
                SimpleNamespace(
                    tier=tier, role=role, user=messages[-1]["content"], seed=request.config.seed
                )
            )

        return ScriptedEngine(script)

    return Team(engine("small"), engine("large"), cache=False, **options)


def recorder(team: Team, *presets: Preset | str, seed: int = 0, **more: Any) -> Recorder:
    if "domain" not in more:  # as a task that names no kind of answers
        more = {"answer_kind": "math", "saved_kind": "math"} | more
    made = [Cascade(preset, team, seed=seed, early_stop="none", **more) for preset in presets]
    return Recorder({cascade.preset.name: cascade for cascade in made})


def recording(
    programs: Recorder,
    where: Path,
    questions: list[dspy.Example] | int,
    task: Any = None,
    name: str = "r.parquet",
) -> Recording:
    """Ask all rounds, write the file, and read it."""
    asked = examples(questions) if isinstance(questions, int) else questions
    folder, task = RunStore(SETTINGS, where / "runs"), task or task_by_name("jsonl")
    with folder.open():
        folder.results = {
            key: record for key, record in folder.results.items() if programs.covers(record)
        }
        outcome = asyncio.run(
            evaluate(task, asked, programs.primary, folder, runner=programs.runner)
        )
    file = where / name
    write_recording(file, programs.manifest(task, outcome.results), programs.rows(outcome.results))
    return Recording.open(file)
