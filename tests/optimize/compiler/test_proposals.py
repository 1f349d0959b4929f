"""What a small proposing model writes is tried where it can be an instruction."""

from pathlib import Path

import pytest
from support.compile_world import MAGIC, World, compiled, fickle
from support.sweeps import mostly_slow

from cope.optimize import Budget
from cope.optimize.compiler import proposals
from cope.optimize.compiler.proposals import is_instruction
from cope.optimize.optimizers import mipro

PROGRAM = f"```python\ndef {MAGIC}(n):\n    return 2 * n\n```"


@pytest.mark.parametrize("local", mostly_slow([True, False], True))
def test_a_program_is_no_instruction_of_a_small_model(
    local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every proposal is a program with the magic word: it would be the best candidate, if it were tried."""
    monkeypatch.setattr(mipro, "is_local", lambda model: local)
    world = World(proposal=PROGRAM)
    run = compiled("miprov2", "small", tmp_path, world, demos=0, budget=Budget(calls=100))
    assert world.proposals()
    assert any(MAGIC in str(request.system) for request in world.small.requests) is not local
    assert (MAGIC in run.made.program.round_1.reasoner.predict.signature.instructions) is not local

    said = "proposals were no instruction and left out: a stronger --reflection-lm may do better"
    assert (run.made.proposal_warnings or "").endswith(said) is local


@pytest.mark.parametrize("useful", mostly_slow([True, False], False))
def test_remarks_in_place_of_advice_are_counted_and_reported(
    useful: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(proposals, "is_local", lambda model: True)
    advice = f"Say {MAGIC} before you begin." if useful else f"The assistant should say {MAGIC}."
    world = World(proposal=f"Nothing is said.\nAdvice: {advice}")
    made = compiled("gepa", "small", tmp_path, world, budget=Budget(calls=100)).made
    assert made.improved is useful
    if useful:
        assert made.proposal_warnings is None
        return
    count, rest = str(made.proposal_warnings).split(" ", 1)
    assert int(count) >= len(world.proposals()) > 0, "what was known already is left out as well"
    assert (
        rest
        == "proposals were no instruction and left out: a stronger --reflection-lm may do better"
    )


def test_sentences_that_name_code_are_instructions():
    assert is_instruction(
        "Write a def statement with the function's name, and import what it needs."
    )
    assert not is_instruction("Here it is:\nimport math\nprint(math.pi)")


@pytest.mark.slow
def test_proposals_hold_nothing_that_depends_on_the_clock(tmp_path: Path):
    """A resumed compile asks for a proposal anew, and pays for it, when its prompt has changed."""
    world = World(fickle)
    compiled("simba", "small", tmp_path, world, budget=Budget(calls=110))
    prompts = world.proposals()
    assert prompts, "SIMBA asks for advice"
    for prompt in prompts:
        assert '"seconds":' not in prompt and '"usage":' not in prompt
