"""Every kind of plan keeps the contract: it is asked, recorded, replayed, saved and loaded."""

from pathlib import Path
from typing import Any

import dspy
import pytest
from support.plan_worlds import CASES, PlanCase, PlanWorld, options, plan_world
from support.recordings import examples, recorder, recording
from support.sweeps import sweep

from cope import Cascade, Preset
from cope.eval import Replay, Score, replay_results
from cope.programs.plan_kinds import PLAN_KINDS
from cope.programs.program_view import load_program_view

BY_MODEL = [case for case in CASES if PLAN_KINDS.by_name(case.kind).calls_model]
QUESTION = "Double a number.\n\nassert double(1) == 2"


def named(case: PlanCase) -> str:
    return case.kind


def question_of(case: PlanCase) -> str:
    return QUESTION if case.domain == "code" else "What is 2 + 1?"


def ask(case: PlanCase, world: PlanWorld, preset: Any = None) -> dspy.Prediction:
    return Cascade(preset or case.preset, world.team, **options(case))(question=question_of(case))


def prompts(engine: Any) -> list[list[str]]:
    """The texts of every request's messages, the system message first."""
    found = []
    for request in engine.requests:
        texts = [message.parts[0].text for message in request.messages]
        found.append([str(request.system), *texts])
    return found


def test_the_cases_are_all_kinds() -> None:
    assert {case.kind for case in CASES} == set(PLAN_KINDS)


@sweep("case", CASES, ids=named, every=3)
def test_the_plan_is_made_and_the_reasoners_see_it(case: PlanCase) -> None:
    world = plan_world(case)
    answered = ask(case, world)
    assert (answered.round, answered.plan) == (3, case.plan or None)
    assert [record["plan"] for record in answered.rounds][1] == (case.plan or None)
    seen = prompts(world.small)[3:] + prompts(world.large)[-1:]
    assert len(seen) == 4
    kind = PLAN_KINDS.by_name(case.kind)
    assert len(world.large.requests) == 1 + kind.calls_model
    for texts in seen:
        if kind.use_as == "prefix":
            assert texts[-1] == case.plan, "the model continues the plan"
        else:
            assert case.shown in texts[1]


@sweep("case", BY_MODEL, ids=named, every=4)
@pytest.mark.parametrize("reply", ["none", "None.", '"none"'])
def test_a_plan_that_says_nothing_leaves_the_prompts_as_without_a_plan(
    case: PlanCase, reply: str
) -> None:
    if PLAN_KINDS.by_name(case.kind).use_as == "prefix":
        reply = " "  # any text is the start of an answer
    silent, plain = plan_world(case, reply), plan_world(case)
    answered = ask(case, silent)
    without = ask(case, plain, case.preset_without_plan)
    assert answered.plan is None
    assert answered.answer == without.answer
    assert prompts(silent.small) == prompts(plain.small)
    assert prompts(silent.large)[-1:] == prompts(plain.large)


class ByName:
    """A task that calls every answer right that is not empty."""

    name, test_visibility, needs_reference = "by-name", "", False

    def __init__(self, domain: str) -> None:
        self.domain = domain

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        return Score(float(answer is not None and "2" in answer), "")


@sweep("case", CASES, ids=named, every=3)
def test_a_replay_of_a_recording_equals_a_live_run(case: PlanCase, tmp_path: Path) -> None:
    asked = examples(2)
    if case.domain == "code":
        asked = [dspy.Example(id="q0", question=QUESTION, answer=None).with_inputs("question")]
    made = recorder(plan_world(case).team, case.preset, **options(case))
    record = recording(made, tmp_path, asked, ByName(case.domain))
    replayed = {result.id: result for result in replay_results(Replay(record)).results}
    live = Cascade(case.preset, plan_world(case).team, early_stop="none", **options(case))
    for example in asked:
        ours, theirs = replayed[example.id], live(**example.inputs())
        assert (ours.answer, ours.round, ours.votes) == (theirs.answer, theirs.round, theirs.votes)
        plans = [round_["plan"] for round_ in ours.rounds]
        assert plans == [round_["plan"] for round_ in theirs.rounds]
        calls = [(row["tier"], row["round"], row["role"], row["calls"]) for row in ours.usage]
        assert calls == [(r["tier"], r["round"], r["role"], r["calls"]) for r in theirs.usage]


@sweep("case", CASES, ids=named, every=3)
def test_a_program_is_saved_loaded_and_shown(case: PlanCase, tmp_path: Path) -> None:
    world, file = plan_world(case), tmp_path / "program.json"
    program = Cascade(case.preset, world.team, **options(case))
    program.save(file)
    loaded = Cascade.from_file(file, world.team, **options(case))
    assert loaded.fingerprint() == program.fingerprint()
    first = [prompts(world.small), program(question=question_of(case)).answer]
    again = plan_world(case)
    loaded = Cascade.from_file(file, again.team, **options(case))
    assert loaded(question=question_of(case)).answer == first[1]
    assert prompts(again.small) == prompts(world.small)
    shown = load_program_view(file)
    assert shown.preset == program.preset
    planners = [view for view in shown.predictors if view.role == "planner"]
    assert len(planners) == PLAN_KINDS.by_name(case.kind).has_prompt


HINT = next(case for case in CASES if case.kind == "hint")


def test_a_hint_is_quoted_where_the_engine_continues_no_reply() -> None:
    world = plan_world(HINT, continues=False)
    ask(HINT, world)
    for texts in prompts(world.small)[3:] + prompts(world.large)[1:]:
        assert len(texts) == 2 and "Hint: We add one to" in texts[1]
        assert "Continue the solution that the hint begins." in texts[0]


def test_a_hint_is_the_planners_answer_to_the_reasoners_prompt_and_its_rest_is_parsed() -> None:
    world = plan_world(HINT)
    answered = ask(HINT, world)
    hinted = prompts(world.large)[0]
    assert hinted == prompts(world.small)[3][:2], "asked as the reasoner is, without a start"
    winner = answered.rounds[-1]["samples"][0]
    assert winner["reasoning"] == "We add one to so." and answered.answer == "3"


@pytest.mark.parametrize(
    ("lines", "plan"),
    [(1, "```python\nimport os"), (2, "```python\nimport os\n\ndef f():"), (9, None)],
)
def test_a_hint_is_cut_after_its_lines(lines: int, plan: str | None) -> None:
    text = "```python\nimport os\n\ndef f():\n    pass"
    case = PlanCase("hint", text, plan or text, more={"hint_lines": lines})
    assert ask(case, plan_world(case)).plan == case.plan


def test_a_later_hint_continues_an_earlier_one() -> None:
    """Each round's planner writes only what the hints before it lack."""
    rounds = case_rounds = HINT.preset.model_dump(exclude_defaults=True)["rounds"]
    again = case_rounds[1] | {"sees": [2, 3]}
    preset = {
        "name": "two-hints",
        "rounds": [*rounds[:2], again, {"reasoner": "large", "sees": [3]}],
    }
    world = plan_world(HINT)
    answered = ask(HINT, world, Preset.model_validate(preset))
    assert answered.plan == "We add one toWe add one to"
    assert prompts(world.large)[1][-1] == "We add one to"
    assert prompts(world.large)[2][-1] == answered.plan


def test_a_diagnosis_sees_the_answers_of_the_round_before() -> None:
    case = next(case for case in CASES if case.kind == "diagnosis")
    world = plan_world(case)
    answered = ask(case, world)
    seen = prompts(world.large)[0][1]
    assert "Attempts: of 3 answers: " in seen
    for vote in answered.rounds[0]["votes"]:
        assert f"1 says {vote}" in seen
