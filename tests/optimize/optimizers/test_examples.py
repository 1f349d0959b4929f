"""Plans that show solved training questions get them from the optimizers that choose demonstrations."""

from pathlib import Path

import pytest
from support.compile_world import TRAIN, World, compiled

from cope import Cascade, Preset
from cope.optimize import Budget
from cope.optimize.compiler.prompts import apply_state

PRESET = Preset.model_validate(
    {"name": "shown", "rounds": [{"plan": "examples", "reasoner": "small", "sees": [1]}]}
)


@pytest.mark.parametrize("optimizer", ["knn-few-shot", "labeled-few-shot"])
def test_the_examples_are_training_rows_that_are_stored_with_the_program(
    optimizer: str, tmp_path: Path
) -> None:
    world = World()
    more = {"only": ["planner"], "budget": Budget(calls=60)}
    run = compiled(optimizer, Cascade(PRESET, world.team), tmp_path, world, **more)
    candidates = [c.state for c in run.made.candidates]
    assert candidates
    program = Cascade(PRESET, world.team)
    state = next(s for s in candidates if "neighbours" in s[PLANNER] or s[PLANNER]["demos"])
    apply_state(program, state)
    world.small.requests.clear()
    answered = program(question=TRAIN[0].question)
    shown = str(world.small.requests[0].messages[-1].parts[0].text)
    assert answered.plan and answered.plan in shown and "Solution: " in shown
    assert shown.count(TRAIN[0].question) == 1, "a question's own solution is not shown"
    path = tmp_path / "program.json"
    program.save(path)
    again = Cascade.from_file(path, world.team)
    assert again(question=TRAIN[0].question).plan == answered.plan


PLANNER = "round_1.planner.predict"
