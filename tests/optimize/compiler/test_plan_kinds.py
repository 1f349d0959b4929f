"""Programs with each kind of plan are compiled: the parts with a prompt learn, the others stay as they are."""

from pathlib import Path
from typing import Any

import pytest
from support.compile_world import World, compiled
from support.plan_worlds import CASES, PlanCase
from support.sweeps import mostly_slow

from cope import Cascade, Preset
from cope.optimize import Budget
from cope.programs.plan_kinds import PLAN_KINDS

ANY_QUESTION = [case for case in CASES if case.domain != "code"]


def planned(case: PlanCase) -> Preset:
    """A round without a plan, whose answers a diagnosis sees, and one with it."""
    kind = PLAN_KINDS.by_name(case.kind)
    sampled = {"reasoner": "small", "samples": 2, "temperature": 1.0}
    second: dict[str, Any] = {"plan": case.kind, "sees": [2]} | sampled | case.more
    if kind.calls_model:
        second["planner"] = "large"
    rounds = [sampled | {"threshold": 1.0}, second]
    return Preset.model_validate({"name": "planned", "rounds": rounds})


@pytest.mark.parametrize(
    "optimizer", mostly_slow(["bootstrap-few-shot", "gepa"], "bootstrap-few-shot")
)
@pytest.mark.parametrize("case", mostly_slow(ANY_QUESTION, *ANY_QUESTION[4:6]), ids=str)
def test_it_is_compiled(case: PlanCase, optimizer: str, tmp_path: Path) -> None:
    world = World()
    program = Cascade(planned(case), world.team)
    run = compiled(optimizer, program, tmp_path, world, budget=Budget(calls=300))
    assert run.made.after.accuracy >= run.made.before.accuracy
    file = tmp_path / "program.json"
    run.made.program.save(file)
    loaded = Cascade.from_file(file, world.team)
    assert loaded.fingerprint() == run.made.program.fingerprint()
