"""What cannot work is said in one line before money is spent, or after the pilot of a few questions."""

from pathlib import Path
from typing import Any

import pytest
from compile_scripts import TRAIN, VAL, World, compiled, rows, score
from dspy.teleprompt import BootstrapFinetune

from cope import Cascade
from cope.errors import CopeError
from cope.optimize import Budget, Compilation, Splits, compile, split
from cope.optimize.compiling import PILOT


def refusal(
    world: World, folder: Path, optimizer: Any = "bootstrap-few-shot", preset: str = "small", **more: Any
) -> str:
    """The line that a compile ends with."""
    with pytest.raises(CopeError) as refused:
        compiled(optimizer, preset, folder, world, **more)
    line = str(refused.value)
    assert "\n" not in line and len(line) < 300
    return line


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"splits": (TRAIN, VAL[:3])}, "the val split has 3 questions, and 4 are the least"),
        ({"splits": (TRAIN[:3], VAL)}, "the train split has 3 questions, and 4 are the least"),
        ({"scorer": lambda example, answer: 0.0}, "the metric never says right"),
        ({"optimizer": "gepp"}, "no optimizer is named 'gepp': did you mean gepa"),
        ({"optimizer": "chain", "chain": ("gepa", "coprro")}, "no optimizer is named 'coprro': did you mean copro"),
        ({"optimizer": "bootstrap-finetune"}, "bootstrap-finetune trains a model's weights, and the engines here serve"),
        ({"optimizer": BootstrapFinetune()}, "BootstrapFinetune trains a model's weights"),
        ({"only": ["large"]}, "--only large is not understood: give one of planner, reasoner, round:1, small"),
        ({"only": ["large", "round:1"], "preset": "cope"}, "no predictor is large and round:1 at once"),
    ],
    ids=["val", "train", "metric", "unknown", "unknown-link", "finetune", "own-finetune", "only", "only-nothing"],
)  # fmt: skip
def test_before_any_call(more: dict[str, Any], words: str, tmp_path: Path):
    world = World()
    assert words in refusal(world, tmp_path, **more)
    assert world.asked == 0


def test_a_question_in_both_splits_is_refused():
    program = Cascade("small", World().team)
    with pytest.raises(CopeError, match="1 questions are in train and val"):
        Compilation(program, Splits(TRAIN, [*VAL[1:], TRAIN[0].copy(question=" what IS 0 +  0?")]), score)


def test_rows_without_answers_are_refused():
    bare = [row.copy() for row in TRAIN]
    for row in bare:
        del row["answer"]
    with pytest.raises(CopeError, match="a training question has no answer"):
        Compilation(Cascade("small", World().team), split(bare, VAL), score)


# After the pilot


@pytest.mark.parametrize("budget", [None, Budget(calls=100)])
def test_a_model_that_answers_nothing(budget: Budget | None, tmp_path: Path):
    """With and without a budget: what the verb `compile` does, too."""
    world = World(lambda *_: "")
    program = Cascade("small", world.team)
    with pytest.raises(CopeError, match="the program answers nothing: no reply held an answer that could be read"):
        compile(program, rows(range(20, 40)), VAL, score=score, budget=budget, folder=tmp_path)
    assert world.asked == PILOT


@pytest.mark.parametrize(
    ("calls", "words"), [(2, "is used up by the first few questions"), (9, "are too few for one step of simba")]
)
def test_a_budget_too_small_for_one_step(calls: int, words: str, tmp_path: Path):
    world = World()
    assert words in refusal(world, tmp_path, "simba", budget=Budget(calls=calls))
    assert world.asked <= min(calls, PILOT)


def test_a_budget_in_money_needs_prices(tmp_path: Path):
    assert "a budget in USD needs prices" in refusal(World(), tmp_path, budget=Budget(usd=1.0))


@pytest.mark.parametrize("late", [0, 6])
def test_a_model_that_cannot_be_reached_ends_the_compile(late: int, tmp_path: Path):
    """In the pilot, and later on: what fails for one question fails for all, so that no optimizer goes on with it."""
    world = World()

    def script(messages: list[dict[str, str]], request: Any) -> str:
        if len(world.small.requests) > late:
            raise CopeError("the model is gone: start its server")
        return f"Answer: {len(messages)}"

    world.small.script = script
    assert refusal(world, tmp_path) == "the model is gone: start its server"
    assert world.asked <= late + 8


def test_prompts_that_no_context_holds_are_refused_without_a_call(tmp_path: Path):
    world = World()
    world.small.context = 60  # tokens; only local engines have one
    assert "which with the reply do not fit small's context of 60" in refusal(world, tmp_path)
    assert world.asked == 0
