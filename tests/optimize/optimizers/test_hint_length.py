"""The optimizer `hint-length` keeps the length of the hint that helps the reasoner."""

from pathlib import Path
from typing import Any

import pytest
from support.compile_world import VAL, World, compiled, number_in

from cope import Cascade, CopeError
from cope.optimize import Budget
from cope.optimize.compiler.prompts import prompt_state, prompts_text, with_prompts
from cope.programs import Preset

NEEDED = 15
"""Tokens of a hint with which the small model is right."""


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """The large model's reply is cut by its limit of tokens; each word of a hint is a token."""
    number = number_in(messages[-1]["content"] + messages[1]["content"]) or 0
    if tier == "large":
        return " ".join(["so"] * min(request.config.max_tokens or 99, 99))
    hint = sum(message["content"].split().count("so") for message in messages)
    return f"Answer: {2 * number if hint >= NEEDED else number + 1}"


def program(world: World, **hint: int | None) -> Cascade:
    rounds = [
        {"planner": "large", "plan": "hint", "reasoner": "small", "sees": [1], **hint},
    ]
    return Cascade(Preset.model_validate({"name": "hinted", "rounds": rounds}), world.team)


@pytest.mark.parametrize("before", [5, 10, None])
def test_the_shortest_length_that_helps_is_kept(tmp_path: Path, before: int | None) -> None:
    world = World(reply)
    start = program(world, hint_tokens=before)
    made = compiled("hint-length", start, tmp_path, world, budget=Budget(calls=400)).made
    helps = before is None or before >= NEEDED
    assert made.program.preset.rounds[0].hint_tokens == (before if helps else 20)
    assert made.after.accuracy == 1.0 and made.improved == (not helps)
    file = tmp_path / "program.json"
    made.program.save(file)
    loaded = Cascade.from_file(file, world.team)
    assert loaded.preset == made.program.preset
    assert loaded(question=VAL[0].question).answer == VAL[0].answer


def test_prompts_hold_the_length_also_where_the_preset_has_none() -> None:
    world = World(reply)
    long, plain = program(world, hint_tokens=40), program(world)
    assert with_prompts(plain, prompt_state(long)).preset.rounds[0].hint_tokens == 40
    assert with_prompts(long, prompt_state(plain)).preset == plain.preset
    assert "40 tokens" in prompts_text(prompt_state(long))
    assert "hint_tokens" not in str(prompt_state(Cascade("cope", world.team)))


def test_a_program_without_a_hint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CopeError, match="needs a round with a plan of kind hint"):
        compiled("hint-length", "small", tmp_path, World())
