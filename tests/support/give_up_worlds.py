"""Tables of the rule `give-up`, presets that ask for it, and records of votes and of programs that are tested."""

import random
from pathlib import Path
from typing import Any

import dspy

from cope import Preset
from cope.eval import Recording, Score
from cope.programs import VisibleTests
from cope.programs.give_up import GiveUp
from cope.programs.sampling import derive_seed
from support.plan_worlds import InProcess
from support.recordings import recorder, recording, team_of, unsure

SAMPLES = 5
CODE: dict[str, Any] = {"domain": "code", "confidence": VisibleTests(lambda: InProcess())}  # type: ignore[arg-type]


def preset(give_up: str | None = "seconds", threshold: float = 0.6) -> Preset:
    """Two rounds of the small tier that may be left, then the large one."""
    drawn: dict[str, Any] = {"reasoner": "small", "samples": SAMPLES, "temperature": 1.0}
    if give_up:
        drawn["give_up"] = give_up
    rounds = [drawn | {"threshold": threshold}, drawn | {"threshold": 0.8}, {"reasoner": "large"}]
    return Preset.model_validate({"name": "left", "rounds": rounds})


def table(*states: tuple[int, int, int], measure: str = "seconds") -> GiveUp:
    """Return the rule that leaves rounds in the states round, drawn, leading."""
    rows: list[Any] = []
    for number, drawn, leading in states:
        state = {"round": number, "drawn": drawn, "leading": leading}
        rows.append(state | {"escalated": 8, "questions": 8, "leaves": [measure]})
    return GiveUp(rows, [measure])


def any_table(seed: int) -> GiveUp:
    """Return a rule that leaves rounds in a third of all states."""
    draw, states = random.Random(seed), []
    for number in (1, 2):
        for drawn in range(1, SAMPLES + 1):
            for leading in range(drawn + 1):
                if draw.random() < 1 / 3:
                    states.append((number, drawn, leading))
    return table(*states)


def program(ask: Any) -> str:
    """A program that doubles 1 seldom with the small tier, on some tasks never, and now and then none at all."""
    draw = derive_seed(ask.tier, ask.user, ask.seed)
    if draw % 9 == 0:
        return " "
    right = ask.tier == "large" or (draw % 4 == 0 and "task 3" not in ask.user)
    return (
        f"```python\ndef double(x):\n    return {'2 * x' if right else f'x + {draw % 5 + 2}'}\n```"
    )


def tasks(count: int) -> list[dspy.Example]:
    examples = []
    for number in range(count):
        example = dspy.Example(
            id=f"p{number}",
            question=f"Write double, for task {number % 5} of {number}.",
            answer="",
            setup="",
            entry_point="double",
            tests=["assert double(1) == 2", "assert double(3) == 6"],
        )
        examples.append(example.with_inputs("question", "tests", "setup", "entry_point"))
    return examples


class Programs:
    """A task that scores programs by a hidden test."""

    name, domain, test_visibility = "mbpp", "code", "2 of 3 tests shown"

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        return Score(float(answer is not None and "2 * x" in answer), "hidden test")


def vote_record(where: Path, questions: int, **options: Any) -> Recording:
    return recording(recorder(team_of(unsure), preset(), "large"), where, questions, **options)


def code_record(where: Path, questions: int) -> Recording:
    programs = recorder(team_of(program), preset(), "large", **CODE)
    return recording(programs, where, tasks(questions), Programs())
