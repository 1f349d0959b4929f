"""GEPA reads what went wrong: of the predictor that it rewrites, whatever the others are called, and only where it ran."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dspy
import pytest
from dspy.teleprompt.gepa.gepa_utils import DspyAdapter
from support.compile_world import (
    MAGIC,
    TRAIN,
    VAL,
    World,
    compiled,
    number_in,
    own_words,
    preset,
    rows,
)

from cope import Cascade
from cope.optimize import Budget
from cope.optimize.compiler.prompts import prompt_state
from cope.optimize.compiler.session import CompileSession
from cope.optimize.compiler.student import Student
from cope.optimize.optimizers.gepa import select_component
from cope.util.hashing import digest, question_fingerprint

BUDGET = Budget(calls=220)


def voices(prompts: list[str]) -> list[set[str]]:
    return [set(re.findall(r"voice-[a-z]+-\d\.\d", prompt)) for prompt in prompts]


def spied(patch: pytest.MonkeyPatch, owner: type, name: str) -> list[tuple[Any, ...]]:
    """The arguments of every call of a method from now on."""
    given, method = [], getattr(owner, name)

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        given.append((*args, *kwargs.values()))
        return method(self, *args, **kwargs)

    patch.setattr(owner, name, noted)
    return given


def returned(patch: pytest.MonkeyPatch, owner: type, name: str) -> list[Any]:
    """What every call of a method gives from now on."""
    found, method = [], getattr(owner, name)

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        found.append(method(self, *args, **kwargs))
        return found[-1]

    patch.setattr(owner, name, noted)
    return found


@pytest.mark.slow
def test_replies_go_to_the_predictor_that_made_them(tmp_path: Path):
    """Three reasoners with the same fields and the same instructions, two of them on small; nobody is ever right."""

    def script(tier: str, messages: Any, request: Any) -> str:
        number, seed = number_in(messages[-1]["content"]) or 0, request.config.seed or 1
        answer = 0 if number == 8 else 1000 + seed % 997
        return f"My voice-{tier}-{request.config.temperature}.\nAnswer: {2 * number if number == 9 else answer}"

    world = World(script)
    program = Cascade(preset("answer-cascade"), world.team)
    for round_ in program.rounds():
        round_.reasoner.predict.signature = round_.reasoner.predict.signature.with_instructions(
            "Solve it."
        )
    compiled("gepa", program, tmp_path, world, budget=BUDGET)
    heard = voices(world.proposals())
    assert {frozenset(voice) for voice in heard} == {
        frozenset({f"voice-{which}"}) for which in ("small-0.4", "small-0.8", "large-0.0")
    }


@pytest.mark.slow
def test_a_predictor_that_did_not_run_is_not_chosen(tmp_path: Path):
    """All samples agree on a wrong answer, so that no question leaves the first round."""
    world = World(
        lambda tier, messages, request: f"My voice-{tier}-{request.config.temperature}.\nAnswer: 5"
    )
    splits = (rows([*range(3), 40]), VAL)
    with pytest.MonkeyPatch.context() as patch:
        wanted = spied(patch, DspyAdapter, "make_reflective_dataset")
        compiled("gepa", "answer-cascade", tmp_path, world, splits, budget=BUDGET)
    heard = voices(world.proposals())
    assert heard and all(voice == {"voice-small-0.4"} for voice in heard)
    components = [components for _, _, components in wanted]
    assert components and all(names == ["round_1.reasoner.predict"] for names in components), (
        "a step had nothing to learn"
    )


def test_predictors_take_turns_among_those_that_ran():
    student = Student(
        Cascade("cope", World().team),
        CompileSession([]),
        [f"round_{n}.reasoner.predict" for n in (1, 2, 3)],
    )
    first, second, third = (predict for _, predict in student.named_predictors())

    def choose(*ran: Any) -> list[str]:
        return select(
            SimpleNamespace(), [{"trace": [(predict, {}, None)]} for predict in ran], [], 0, {}
        )

    select = select_component(student)
    names = ["round_1.reasoner.predict", "round_2.reasoner.predict", "round_3.reasoner.predict"]
    assert [choose(first, second, third)[0] for _ in range(4)] == [*names, names[0]]
    assert [choose(first, third)[0] for _ in range(3)] == [names[2], names[0], names[2]]
    assert choose(second) == [names[1]]


FORM = "[[ ## reasoning ## ]]\nSo.\n\n[[ ## answer ## ]]\n{}\n\n[[ ## completed ## ]]"


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param("small", marks=pytest.mark.slow), "plan-then-solve"])
def test_replies_that_cannot_be_read_are_shown_with_what_was_asked(name: str, tmp_path: Path):
    """Odd numbers get a reply without the form that DSPy's chat adapter asks for."""

    def script(tier: str, messages: Any, request: Any) -> str:
        number = number_in(messages[-1]["content"]) or 0
        if tier == "large":
            return f"[[ ## guideline ## ]]\nAdd {number} twice.\n\n[[ ## completed ## ]]"
        return f"I would rather not, {number}." if number % 2 else FORM.format(2 * number)

    world = World(script, adapter="chat")
    compiled("gepa", name, tmp_path, world, only=["small"], budget=Budget(calls=140))
    shown = [prompt for prompt in world.proposals() if "I would rather not, 3." in prompt]
    assert shown
    for prompt in shown:
        assert "What is 3 + 3?" in prompt and "The reply could not be read" in prompt
        assert ("Add 3 twice." in prompt) == (name == "plan-then-solve")


@pytest.mark.slow
def test_plans_that_cannot_be_read_are_shown_as_the_planners(tmp_path: Path):
    """The one plan of all samples, and the planner's reply in place of it."""

    def script(tier: str, messages: Any, request: Any) -> str:
        number = number_in(messages[-1]["content"]) or 0
        if tier == "large":
            return f"A plan without its form, {number}."
        return FORM.format(2 * number) if number % 2 else "I would rather not."

    world = World(script, adapter="chat")
    compiled("gepa", "plan-then-solve", tmp_path, world, only=["planner"], budget=Budget(calls=140))
    shown = [prompt for prompt in world.proposals() if "A plan without its form, 2." in prompt]
    assert shown and all("The plan could not be read" in prompt for prompt in shown)
    assert not any("I would rather not." in prompt for prompt in world.proposals())


def wordy(tier: str, messages: Any, request: Any) -> str:
    """Right about every other number in a word; with the magic word right about all, in many words."""
    number, helped = number_in(messages[-1]["content"]) or 0, MAGIC in messages[0]["content"]
    steps = "Step by step, one after the other. " * 4 if helped else "So."
    return f"{steps}\nAnswer: {2 * number if helped or number % 2 else number + 1}"


@pytest.mark.slow
def test_gepa_gets_both_objectives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its own figures of every candidate are those of the compile: the share that is right, and large's tokens, negative."""
    made = returned(monkeypatch, dspy.GEPA, "compile")
    world = World(wordy, own_words)
    run = compiled("gepa", "large", tmp_path, world, objective="pareto", budget=Budget(calls=100))
    (best,) = made
    found, keys = best.detailed_results, [question_fingerprint(row.question) for row in VAL]
    board = {candidate.id: candidate for candidate in run.made.candidates}
    assert len(found.candidates) > 1
    for program, told in zip(found.candidates, found.val_aggregate_subscores, strict=True):
        candidate = board[digest(prompt_state(program))]
        assert told == {
            "accuracy": candidate.mean(keys),
            "large_tokens": -candidate.mean(keys, candidate.large_tokens),
        }
    assert found.per_objective_best_candidates["large_tokens"] == {0}, (
        "the program as it was writes least"
    )
    assert 0 not in found.per_objective_best_candidates["accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["accuracy", pytest.param("pareto", marks=pytest.mark.slow)])
def test_a_cheap_program_is_worth_another_try_where_both_objectives_count(
    objective: str, tmp_path: Path
):
    """Beside a program that is right about everything, GEPA goes on with a cheaper one, but not where accuracy is all."""
    world = World(wordy, own_words)
    run = compiled("gepa", "large", tmp_path, world, objective=objective, budget=Budget(calls=120))
    assert run.made.after.accuracy == 1.0
    again = len([prompt for prompt in world.proposals() if MAGIC not in prompt])
    assert (again > 1) == (objective == "pareto")


@pytest.mark.slow
def test_objectives_one_by_one_make_a_frontier(tmp_path: Path):
    """The objective pareto hands over every program that no other beats in accuracy and in large's tokens at once."""
    run = compiled("gepa", "cope", tmp_path, objective="pareto", splits=(TRAIN, VAL), budget=BUDGET)
    points = [(scores.large_tokens, scores.accuracy) for _, scores in run.made.frontier]
    assert points == sorted(points) and len({accuracy for _, accuracy in points}) == len(points)
    assert points[-1][1] == run.made.after.accuracy == 1.0
