"""Programs with each kind of plan are compiled: the parts with a prompt learn, the others stay as they are."""

from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import (
    ANY_PRESET,
    MAGIC,
    TRAIN,
    VAL,
    World,
    compiled,
    number_in,
    reply,
)
from support.plan_worlds import CASES, PLAN_TOKENS, PlanCase, options
from support.sweeps import mostly_slow, sweep

from cope import Cascade, Preset
from cope.optimize import Budget
from cope.programs.plan_kinds import PLAN_KINDS

ANY_QUESTION = [case for case in CASES if case.domain != "code"]
CODE = [case for case in CASES if case.domain == "code"]
every_optimizer = pytest.mark.parametrize(
    "optimizer", mostly_slow(ANY_PRESET, "bootstrap-few-shot")
)


def kind_of(case: PlanCase) -> str:
    return case.kind


def planned(case: PlanCase) -> Preset:
    """A round without a plan, whose answers a diagnosis sees, and one with it."""
    kind = PLAN_KINDS.by_name(case.kind)
    sampled = {"reasoner": "small", "samples": 2, "temperature": 1.0}
    second: dict[str, Any] = {"plan": case.kind, "sees": [2]} | sampled | case.more
    if kind.calls_model:
        second |= {"planner": "large", "plan_max_tokens": PLAN_TOKENS}
    rounds = [sampled | {"threshold": 1.0}, second]
    return Preset.model_validate({"name": "planned", "rounds": rounds})


def check(optimizer: str, program: Cascade, world: World, folder: Path, **more: Any) -> None:
    """Compile a program, and load what was saved of it."""
    run = compiled(optimizer, program, folder, world, budget=Budget(calls=300), **more)
    assert run.made.after.accuracy >= run.made.before.accuracy
    file = folder / "program.json"
    run.made.program.save(file)
    loaded = Cascade.from_file(file, world.team, **saved_options(program))
    assert loaded.fingerprint() == run.made.program.fingerprint()


def saved_options(program: Cascade) -> dict[str, Any]:
    return {"confidence": program.confidence} if program.domain == "code" else {}


@every_optimizer
@pytest.mark.parametrize("case", mostly_slow(ANY_QUESTION, *ANY_QUESTION[4:6]), ids=kind_of)
def test_it_is_compiled(case: PlanCase, optimizer: str, tmp_path: Path) -> None:
    world = World()
    check(optimizer, Cascade(planned(case), world.team), world, tmp_path)


def code_rows(rows: list[dspy.Example]) -> list[dspy.Example]:
    """The same numbers, asked for in programs."""
    made = []
    for row in rows:
        number = number_in(row.question)
        question = f"Double a number. {row.question}\n\nassert double({number}) == {row.answer}"
        program = program_returning(row.answer)
        made.append(dspy.Example(question=question, answer=program).with_inputs("question"))
    return made


def program_returning(value: str) -> str:
    return f"def double(x):\n    return {value}"


def program_reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """A program that returns what the model of the other questions would answer."""
    number = number_in(messages[-1]["content"])
    if request.config.max_tokens == PLAN_TOKENS:
        return f"assert double({number}) == {2 * int(number or 0)}"
    helped = MAGIC in messages[0]["content"]
    marked = [{"role": "system", "content": f"Answer: {MAGIC if helped else ''}"}, messages[-1]]
    answer = reply(tier, marked, request).partition("Answer: ")[2]
    return f"```python\n{program_returning(answer)}\n```"


@every_optimizer
@sweep("case", CODE, ids=kind_of, every=2)
def test_a_kind_for_programs_is_compiled(case: PlanCase, optimizer: str, tmp_path: Path) -> None:
    world = World(program_reply)
    program = Cascade(planned(case), world.team, **options(case))
    splits = (code_rows(TRAIN), code_rows(VAL))
    check(optimizer, program, world, tmp_path, splits=splits)
