"""The optimizer `blueprint` writes one plan for a task, and keeps the one that helps the reasoner."""

from pathlib import Path
from typing import Any

import pytest
from support.compile_world import MAGIC, TRAIN, VAL, World, compiled, number_in

from cope import Cascade, CopeError, load_preset
from cope.optimize import Budget

HELPFUL = f"First say {MAGIC}, then double."


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """The small model is right where the magic word is in the plan that it sees."""
    shown = messages[-1]["content"]
    number = number_in(shown) or 0
    return f"So.\nAnswer: {2 * number if MAGIC in shown else number + 1}"


def proposal(messages: list[dict[str, str]], request: Any) -> str:
    style = messages[-1]["content"].rpartition("Style: ")[2]
    if "checklist" in style:
        return HELPFUL
    return "```python\n```" if "paragraph" in style else "Think hard."


@pytest.mark.slow
def test_the_blueprint_that_helps_is_kept_and_costs_no_call(tmp_path: Path) -> None:
    world = World(reply, proposal)
    program = Cascade(load_preset("cope-blueprint").with_overrides(samples=2), world.team)
    run = compiled("blueprint", program, tmp_path, world, budget=Budget(calls=400))
    made = run.made
    assert (made.before.accuracy, made.after.accuracy) == (0.0, 1.0)
    asked = world.proposals()
    assert len(asked) == 6 and all(TRAIN[0].question in prompt for prompt in asked)
    assert made.program.round_1.planner.predict.signature.instructions == HELPFUL
    world.small.requests.clear()
    answered = made.program(question=VAL[0].question)
    assert (answered.plan, answered.answer) == (HELPFUL, VAL[0].answer)
    assert f"Blueprint: {HELPFUL}" in str(world.small.requests[0].messages[-1].parts[0].text)
    assert {row["role"] for row in answered.usage} == {"reason"}
    file = tmp_path / "program.json"
    made.program.save(file)
    assert Cascade.from_file(file, world.team)(question=VAL[0].question).plan == HELPFUL


def test_a_program_without_a_blueprint_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CopeError, match="needs a round with a plan of kind blueprint"):
        compiled("blueprint", "small", tmp_path, World())
