"""What is not compiled stays as it is, and a surrogate costs what the compiled part costs."""

from collections import Counter
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.teleprompt.teleprompt import Teleprompter
from support.compile_world import (
    ANY_PRESET,
    Reply,
    Run,
    World,
    compiled,
    fickle,
    question,
    reply as usual,
    rows,
)
from support.sweeps import mostly_slow

from cope import Cascade
from cope.optimize import Budget
from cope.optimize.compiler.prompts import select_predictors
from cope.programs import Preset

WRONG = {"question": question(2), "guideline": "Think.", "reasoning": "Adding one.", "answer": "3"}


@pytest.mark.parametrize(
    "optimizer",
    mostly_slow(
        ANY_PRESET, "bootstrap-few-shot", "labeled-few-shot", "knn-few-shot", "infer-rules", "gepa"
    ),
)
def test_frozen_predictors_keep_their_words_and_demonstrations(optimizer: str, tmp_path: Path):
    """The reasoner is frozen with a demonstration that leads astray: only better plans can help it."""
    world = World()
    program = Cascade("plan-then-solve", world.team)
    frozen: Any = program.round_1.reasoner.predict
    frozen.signature, frozen.demos = (
        frozen.signature.with_instructions("My words."),
        [dspy.Example(**WRONG)],
    )
    made = compiled(
        optimizer, program, tmp_path, world, only=["planner"], budget=Budget(calls=110)
    ).made
    for candidate in made.candidates:
        kept = candidate.state["round_1.reasoner.predict"]
        assert kept == {"instructions": "My words.", "demos": [WRONG]}
    assert made.program.round_1.reasoner.predict.signature.instructions == "My words."
    # Training rows have no plans, so that there is nothing in them for a planner.
    assert made.improved == (optimizer != "labeled-few-shot")
    assert program.round_1.planner.predict.demos == []


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (
            (),
            [
                *(f"round_{n}.{role}.predict" for n in (1, 2) for role in ("planner", "reasoner")),
                "round_3.reasoner.predict",
            ],
        ),
        (
            ("small",),
            ["round_1.planner.predict", "round_1.reasoner.predict", "round_2.reasoner.predict"],
        ),
        (("large",), ["round_2.planner.predict", "round_3.reasoner.predict"]),
        (("planner",), ["round_1.planner.predict", "round_2.planner.predict"]),
        (("small", "reasoner"), ["round_1.reasoner.predict", "round_2.reasoner.predict"]),
        (("round:3",), ["round_3.reasoner.predict"]),
    ],
)
def test_parts_by_tier_role_and_round(only: tuple[str, ...], names: list[str]):
    assert select_predictors(Cascade("cope", World().team), only) == names


# A surrogate


def two_rounds(**plans: Any) -> Preset:
    """Small twice; large where the two do not agree. No sample is ever needless, so that calls can be counted."""
    first = {"reasoner": "small", "samples": 2, "temperature": 0.7, "threshold": 1.0, **plans}
    return Preset.model_validate(
        {"name": "two", "rounds": [first, {"reasoner": "large", "sees": plans.get("sees", [])}]}
    )


TRAIN = rows([1, 5, 9, 4, 12, 20, 2])  # the first three reach the second round; large knows 1 and 9
VAL = rows([17, 21, 25, 29, 8, 6])


def run(
    folder: Path, preset: Preset, reply: Reply = usual, **more: Any
) -> tuple[Run, Counter[int]]:
    """A compile of the two rounds, and its calls by round: 0 is the proposer's."""
    world = World(reply)
    made = compiled(
        "bootstrap-random-search", Cascade(preset, world.team), folder, world, (TRAIN, VAL), **more
    )
    return made, Counter(call.round for call in made.calls)


@pytest.mark.slow
def test_a_surrogate_asks_the_frozen_rounds_once(tmp_path: Path):
    alone, calls = run(tmp_path / "surrogate", two_rounds(), only=["round:2"], surrogate=True)
    _, everything = run(tmp_path / "all", two_rounds())
    assert alone.made.improved and alone.made.after.accuracy > alone.made.before.accuracy
    once = 2 * (len(TRAIN) + len(VAL))
    assert calls[1] == once, "a frozen round was asked a question twice"
    assert everything[1] > 2 * once and everything.total() > 1.5 * calls.total()


@pytest.mark.slow
def test_a_surrogate_leaves_out_later_rounds(tmp_path: Path):
    """Compiling the first round, the second one runs to validate whole programs alone: before, and three finalists."""
    preset = two_rounds(planner="small", plan="goal", sees=[1], plans=2, plan_temperature=0.7)
    some = Budget(calls=240)
    made, calls = run(
        tmp_path / "surrogate", preset, fickle, only=["round:1"], surrogate=True, budget=some
    )
    _, without = run(tmp_path / "without", preset, fickle, only=["round:1"], budget=some)
    assert calls[2] <= len(TRAIN) + 4 * len(VAL) and calls[2] < without[2]
    assert made.made.after.accuracy >= made.made.before.accuracy


def test_a_surrogate_works_on_the_questions_that_reach_the_compiled_round(tmp_path: Path):
    class Looking(Teleprompter):
        def compile(self, student: Any, *, trainset: Any, valset: Any) -> Any:
            seen.update(
                train={row.question for row in trainset}, val={row.question for row in valset}
            )
            return student

    seen: dict[str, set[str]] = {}
    world = World()
    program = Cascade(two_rounds(), world.team)
    compiled(Looking(), program, tmp_path, world, (TRAIN, VAL), only=["round:2"], surrogate=True)
    assert {question(n) for n in (1, 5, 9)} <= seen["train"] < {row.question for row in TRAIN}
    assert {question(n) for n in (17, 21, 25, 29)} <= seen["val"] < {row.question for row in VAL}
