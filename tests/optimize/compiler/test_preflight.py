"""What cannot work is said in one line before money is spent, or after the pilot of a few questions."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from dspy.teleprompt import BootstrapFinetune
from support.compile_world import TRAIN, VAL, World, compiled, preset, rows, score

from cope import Cascade
from cope.errors import CopeError
from cope.models import Price
from cope.optimize import Budget, Compilation, CompileSettings, Splits, compile, split
from cope.optimize.compiler.pilot import PILOT_QUESTIONS


def refusal(
    world: World,
    folder: Path,
    optimizer: Any = "bootstrap-few-shot",
    preset: str = "small",
    **more: Any,
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
        (
            {"scorer": lambda example, answer: 0.0},
            "the metric never says right: it scores the train split's own answers",
        ),
        (
            {"scorer": lambda example, answer: float(int(answer) < 10)},
            "it scores the val split's own answers below 1",
        ),
        ({"optimizer": "gepp"}, "no optimizer is named 'gepp': did you mean gepa"),
        (
            {"optimizer": "chain", "chain": ("gepa", "coprro")},
            "no optimizer is named 'coprro': did you mean copro",
        ),
        (
            {"optimizer": "bootstrap-finetune"},
            "bootstrap-finetune trains a model's weights, and the engines here serve",
        ),
        ({"optimizer": BootstrapFinetune()}, "BootstrapFinetune trains a model's weights"),
        (
            {"only": ["large"]},
            "--only large is not understood: give one of planner, reasoner, round:1, small",
        ),
        (
            {"only": ["large", "round:1"], "preset": "cope"},
            "no predictor is large and round:1 at once",
        ),
    ],
    ids=[
        "val",
        "train",
        "metric",
        "metric-on-val",
        "unknown",
        "unknown-link",
        "finetune",
        "own-finetune",
        "only",
        "only-nothing",
    ],
)
def test_before_any_call(more: dict[str, Any], words: str, tmp_path: Path):
    world = World()
    assert words in refusal(world, tmp_path, **more)
    assert world.asked == 0


def test_a_question_in_both_splits_is_refused():
    program = Cascade("small", World().team)
    with pytest.raises(CopeError, match="1 questions are in train and val"):
        Compilation(
            program, Splits(TRAIN, [*VAL[1:], TRAIN[0].copy(question=" what IS 0 +  0?")]), score
        )


def test_rows_without_answers_are_refused():
    bare = [row.copy() for row in TRAIN]
    for row in bare:
        del row["answer"]
    with pytest.raises(CopeError, match="a question of the train split has no answer"):
        Compilation(Cascade("small", World().team), split(bare, VAL), score)


# After the pilot


@pytest.mark.parametrize("budget", [None, Budget(calls=100)])
def test_a_model_that_answers_nothing(budget: Budget | None, tmp_path: Path):
    """With and without a budget: what the verb `compile` does, too."""
    world = World(lambda *_: "")
    program = Cascade("small", world.team)
    with pytest.raises(
        CopeError, match="the program answers nothing: no reply held an answer that could be read"
    ):
        compile(program, rows(range(20, 40)), VAL, score=score, budget=budget, folder=tmp_path)
    assert world.asked == PILOT_QUESTIONS


def test_why_all_questions_failed_is_said(tmp_path: Path):
    def fail(*_: Any) -> str:
        raise ValueError("the template has no role 'user'")

    program = Cascade("small", World(fail).team)
    why = "the program answers nothing: .* the template has no role 'user'; try another"
    with pytest.raises(CopeError, match=why):
        compile(program, rows(range(20, 40)), VAL, score=score, folder=tmp_path)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            Budget(calls=9),
            "9 calls are too few for one step of simba: it needs at least 48 (48 answers)",
        ),
        (
            Budget(usd=0.01),
            "a budget in USD needs prices: give --price small=IN/OUT and --price proposer=IN/OUT",
        ),
    ],
)
def test_a_budget_that_cannot_do_asks_nobody(budget: Budget, words: str, tmp_path: Path):
    world = World()
    assert words in refusal(world, tmp_path, "simba", budget=budget)
    assert world.asked == 0


def test_a_price_of_the_proposer_is_asked_for_where_it_proposes(tmp_path: Path):
    prices = {"small": Price(1, 2)}
    world = World(prices=prices)
    line = refusal(world, tmp_path / "gepa", "gepa", budget=Budget(usd=1.0))
    assert (
        "give --price proposer=IN/OUT, in USD per million tokens (proposer is engine/" in line
        and world.asked == 0
    )


@pytest.mark.slow
def test_a_compile_has_a_price_where_it_is_given_or_nothing_is_proposed(tmp_path: Path):
    prices = {"small": Price(1, 2)}
    run = compiled(
        "gepa",
        "small",
        tmp_path / "priced",
        World(prices=prices),
        budget=Budget(usd=0.01),
        proposer_price=Price(3, 4),
    )
    assert run.made.usage.total_usd and next(
        call.usd for call in run.calls if call.tier == "proposer"
    )
    assert not run.made.stop_reason or "0.01 usd" in run.made.stop_reason
    compiled(
        "labeled-few-shot", "small", tmp_path / "none", World(prices=prices), budget=Budget(usd=1.0)
    )


def test_a_cascade_is_refused_by_the_fewest_calls_that_its_questions_take(tmp_path: Path):
    """Of three samples with a plan each two can settle round 1. With the validation set that is named, it goes on."""
    world, splits = World(), (rows(range(12)), rows(range(20, 60)))
    line = refusal(world, tmp_path / "all", "gepa", "cope", splits=splits, budget=Budget(calls=200))
    assert (
        "it needs at least 552 (92 answers); give --budget-calls 552, or --val 10" in line
        and world.asked == 0
    )
    after = refusal(
        world,
        tmp_path / "four",
        "gepa",
        "cope",
        splits=(splits[0], splits[1][:4]),
        budget=Budget(calls=125),
    )
    assert "it needs some " in after and 0 < world.asked <= 125


@pytest.mark.slow
def test_what_does_not_fit_after_the_pilot_names_what_would(tmp_path: Path):
    world, splits = World(), (rows(range(12)), rows(range(20, 40)))
    line = refusal(world, tmp_path, "labeled-few-shot", splits=splits, budget=Budget(tokens=1000))
    needed, fits = (
        int(re.findall(rf"--{name} (\d+)", line)[0]) for name in ("budget-tokens", "val")
    )
    assert world.asked == PILOT_QUESTIONS and needed > 1000 and 4 <= fits < 20
    for budget, val in ((needed, 20), (1000, fits)):
        made = compiled(
            "labeled-few-shot",
            "small",
            tmp_path / str(val),
            World(),
            (splits[0], splits[1][:val]),
            budget=Budget(tokens=budget),
        ).made
        assert len(made.before.values) == val


def test_rounds_that_are_frozen_count_once_before_the_pilot(tmp_path: Path):
    """A question that they settle costs nothing when it is asked again."""
    splits = (rows(range(0, 48, 4)), rows(range(100, 124, 4)))
    for only, refused in ((["small"], True), (["large"], False)):
        world, folder = World(), tmp_path / only[0]
        program = Cascade(preset("answer-cascade"), world.team)
        made = Compilation(
            program,
            split(*splits),
            score,
            CompileSettings(
                optimizer="labeled-few-shot", only=only, budget=Budget(calls=20), folder=folder
            ),
        )
        with pytest.raises(CopeError, match="at least 36 ") if refused else nullcontext():
            made.check()
        made.close()
        assert world.asked == 0


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
