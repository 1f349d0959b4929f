"""What holds under every optimizer: it helps, every call goes to its tier, and only what was right is learned."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.compile_world import (
    ANY_PRESET,
    BUDGETS,
    PROPOSAL,
    VAL,
    Run,
    World,
    compiled,
    number_in,
    reply,
    score,
)
from support.sweeps import mostly_slow

from cope import Cascade
from cope.optimize import Budget
from cope.programs import Preset

SMALLER = [pytest.param(name, marks=pytest.mark.slow) for name in ("plan-then-solve", "small")]
"""Their one round, with a plan or without, is a part of `cope`."""
DEFAULT = ("bootstrap-few-shot", "copro", "gepa", "knn-few-shot", "labeled-few-shot")
"""One of each kind: demonstrations, instructions, or both; each takes a moment."""
every_optimizer = pytest.mark.parametrize("optimizer", mostly_slow(ANY_PRESET, *DEFAULT))
every_preset = pytest.mark.parametrize("preset", ["cope", *SMALLER])
RunOf = Callable[[str, str], Run]


@every_preset
@every_optimizer
def test_it_makes_the_program_better(run_of: RunOf, optimizer: str, preset: str):
    made = run_of(optimizer, preset).made
    assert made.improved and made.before.accuracy <= 0.5 < made.after.accuracy
    assert made.gain[0] == pytest.approx(made.after.accuracy - made.before.accuracy)


@every_preset
@every_optimizer
def test_the_program_that_is_handed_over_answers_as_it_was_scored(
    run_of: RunOf, optimizer: str, preset: str
):
    run = run_of(optimizer, preset)
    answers = [run.made.program(**example.inputs()).answer for example in VAL]
    right = [score(example, answer) for example, answer in zip(VAL, answers, strict=True)]
    assert sum(right) / len(right) == run.made.after.accuracy


@every_preset
@every_optimizer
def test_every_call_goes_to_its_tier(run_of: RunOf, optimizer: str, preset: str):
    run = run_of(optimizer, preset)
    booked = Counter((call.tier, call.round, call.role) for call in run.calls)
    assert booked.keys() <= {*places(run.program.preset), ("proposer", 0, "other")}
    for tier, requests in run.requests.items():
        calls = [call for call in run.calls if call.tier == tier]
        # A sample that a vote made needless may be given up before its engine hears of it.
        assert 0 <= len(calls) - len(requests) <= sum(call.cancelled for call in calls)
    for request in (*run.requests["small"], *run.requests["large"]):
        assert number_in(request.messages[-1].parts[0].text) is not None, (
            "a tier was asked for a proposal"
        )


def test_the_large_tier_proposes_where_nobody_else_is_named_and_is_booked_apart(tmp_path: Path):
    world = World(lambda tier, *asked: PROPOSAL if tier == "large" else reply(tier, *asked))
    run = compiled(
        "copro", "small", tmp_path, world, proposer=None, budget=Budget(calls=BUDGETS["small"])
    )
    assert run.made.improved and world.proposer.requests == []
    booked = Counter(call.tier for call in run.calls)
    assert booked == {"small": len(world.small.requests), "proposer": len(world.large.requests)}


@every_optimizer
def test_each_round_of_a_cascade_shows_its_tier_its_own_plans(run_of: RunOf, optimizer: str):
    """As seen at the engines: only the small tier is shown goals; a goal and a guideline, in the second round."""
    run = run_of(optimizer, "cope")
    kinds = {}
    for tier in ("small", "large"):
        asked = [request.messages[-1].parts[0].text for request in run.requests[tier]]
        kinds[tier] = {("Goal:" in text, "Guideline:" in text) for text in asked}
    plan, first, second, third = (False, False), (True, False), (True, True), (False, True)
    assert kinds == {"small": {plan, first, second}, "large": {plan, third}}


@every_preset
@every_optimizer
def test_demonstrations_come_from_what_was_right(run_of: RunOf, optimizer: str, preset: str):
    for candidate in run_of(optimizer, preset).made.candidates:
        for name, demo in demonstrations(candidate.state):
            if ".planner." in name:
                assert demo["augmented"] and (demo.get("goal") or demo.get("guideline")), (
                    "a planner has a raw row"
                )
            else:
                assert demo["answer"] == str(2 * (number_in(demo["question"]) or 0))
                assert demo.get("reasoning", "Doubling.") == "Doubling."


@pytest.mark.parametrize(
    "optimizer",
    mostly_slow(
        [name for name in ANY_PRESET if name not in ("copro", "gepa")],
        *[name for name in DEFAULT if name not in ("copro", "gepa")],
    ),
)
def test_there_are_demonstrations_where_an_optimizer_makes_them(run_of: RunOf, optimizer: str):
    found = [
        demo for c in run_of(optimizer, "cope").made.candidates for demo in demonstrations(c.state)
    ]
    assert found
    plans = [demo for name, demo in found if ".planner." in name]
    assert bool(plans) == (optimizer != "labeled-few-shot")


@every_preset
@every_optimizer
def test_the_program_that_was_given_stays_as_it_was(run_of: RunOf, optimizer: str, preset: str):
    run = run_of(optimizer, preset)
    assert run.program.dump_state() == run.before
    assert Cascade(run.program.preset, run.world.team).dump_state() == run.before, (
        "a signature of the package changed"
    )


@every_preset
@every_optimizer
def test_the_budget_is_kept_to(run_of: RunOf, optimizer: str, preset: str):
    run = run_of(optimizer, preset)
    assert run.asked <= run.made.usage.calls <= BUDGETS[preset]


def places(preset: Preset) -> set[tuple[str, int, str]]:
    """Tier, round and role of the calls that a preset makes."""
    found = set()
    for number, spec in enumerate(preset.rounds, 1):
        found.add((spec.reasoner, number, "reason"))
        if spec.planner:
            found.add((spec.planner, number, "plan"))
    return found


def demonstrations(state: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The demonstrations of a candidate by predictor, those among which a question finds its neighbours too."""
    found = [(name, demo) for name, plain in state.items() for demo in plain["demos"]]
    return found + [
        (n, demo)
        for n, plain in state.items()
        for demo in plain.get("neighbours", {}).get("demos", [])
    ]
