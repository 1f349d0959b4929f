"""What a caller may give to `compile` in Python: plain forms are taken, all else is one line before a model is asked."""

import dataclasses
import doctest
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import TRAIN, VAL, World, rows, score

from cope import Cascade
from cope.errors import CopeError
from cope.optimize import Budget, Compilation, CompileSettings, compile, split
from cope.optimize.compiler import api as verb
from cope.sandbox import open_sandbox

USUAL = {"score": score, "optimizer": "labeled-few-shot"}


def refusal(*given: Any, **more: Any) -> str:
    with pytest.raises(CopeError) as refused:
        compile(*given, **{**USUAL, **more})
    line = str(refused.value)
    assert "\n" not in line and len(line) < 300
    return line


def test_the_example_in_its_documentation_runs() -> None:
    found = doctest.DocTestFinder(recurse=False).find(verb.compile, "compile", globs={})
    results = [doctest.DocTestRunner().run(test) for test in found]
    assert sum(r.attempted for r in results) > 5 and not any(r.failed for r in results)


def test_every_option_of_a_compilation_is_in_its_signature() -> None:
    """Options written out are what an editor and a type checker know; one belongs to the command line alone."""
    options = {field.name: field for field in dataclasses.fields(CompileSettings)}
    own = inspect.signature(compile).parameters
    assert not [p for p in own.values() if p.kind is p.VAR_KEYWORD]
    assert options.keys() - own.keys() == {"fresh"}
    assert own.keys() - options.keys() == {"program", "trainset", "valset", "score"}
    for name, field in options.items():
        assert name not in own or own[name].default == field.default
    said = inspect.getdoc(compile) or ""
    assert all(f"\n    {name}: " in said for name in own)


@pytest.mark.parametrize("budget", [Budget(calls=20), 20])
def test_what_is_given_in_plain_forms(budget: Any, tmp_path: Path) -> None:
    """Without a score, short answers are compared as mathematics: 16/2 is 8."""
    world = World(lambda tier, messages, request: "Answer: 16/2")
    world.small.script = lambda messages, request: "Answer: 48/3"
    made = compile(
        Cascade("small", world.team),
        TRAIN,
        VAL,
        optimizer="labeled-few-shot",
        budget=budget,
        folder=str(tmp_path / "x"),
        only="small, round:1",
    )
    assert made.before.values.count(1.0) == 1, "twice 8 is 48/3"
    assert (tmp_path / "x" / "calls.jsonl").exists() and 0 < world.asked <= 20


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"objective": "accurcy"}, "no objective is named 'accurcy': did you mean accuracy?"),
        ({"budget": 1.5}, "budget is 1.5: give a Budget, or a whole number of calls"),
        ({"budget": True}, "budget is True: give a Budget"),
        ({"budget": 0}, "a budget of 0 calls allows nothing"),
        ({"folder": 3}, "folder is 3: give a path"),
        ({"only": 3}, "only is 3: give names"),
        ({"only": "smal"}, "--only smal is not understood: give one of"),
        ({"optimizer": "chain", "chain": "gepa,coprro"}, "no optimizer is named 'coprro'"),
        ({"demos": -1}, "demos is -1: give a whole number from 0 on"),
        ({"demos": "4"}, "demos is '4': give a whole number from 0 on"),
        ({"seed": None}, "seed is None: give a whole number"),
        ({"proposer": 5}, "proposer is a int: give a model's name"),
        (
            {"optimizer": 5},
            "int is no optimizer: give a name, or an object of one of DSPy's optimizers",
        ),
        ({"optimizer": dspy.GEPA}, "GEPA is no optimizer: give a name, or an object"),
        (
            {"chain": "gepa"},
            "a chain needs the optimizer chain or better-together, and not labeled-few-shot",
        ),
        (
            {"demos": 0},
            "labeled-few-shot only adds demonstrations, and with --demos 0 there are none",
        ),
        (
            {"optimizer": "chain", "demos": 0},
            "bootstrap-random-search only adds demonstrations, and with --demos 0",
        ),
        (
            {"optimizer": "chain", "chain": ("gepa", "ensemble"), "demos": 0},
            "ensemble only adds demonstrations",
        ),
        ({"surrogate": True}, "a surrogate leaves out nothing here"),
    ],
    ids=lambda value: (
        None if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items())[:40]
    ),
)
def test_what_is_refused(more: dict[str, Any], words: str) -> None:
    world = World()
    assert words in refusal(Cascade("small", world.team), TRAIN, VAL, **more)
    assert world.asked == 0


@pytest.mark.parametrize(
    ("program", "train", "words"),
    [
        (
            dspy.Predict("question -> answer"),
            TRAIN,
            "a Predict is no Cascade: make one with cope.Cascade",
        ),
        (None, "rows.jsonl", "trainset is a str: give a list of dspy.Example"),
        (
            None,
            [{"question": "1?", "answer": "1"}],
            "row 1 of trainset is a dict: make each a dspy.Example",
        ),
        (
            None,
            [*TRAIN, dspy.Example(answer="1").with_inputs("answer")],
            "row 5 of trainset has no question",
        ),
        (
            None,
            [dspy.Example(question="1?", answer="1")],
            "row 1 of trainset does not say what is given: add .with_inputs",
        ),
    ],
)
def test_what_is_no_program_and_no_question(program: Any, train: Any, words: str) -> None:
    assert words in refusal(program or Cascade("small", World().team), train, VAL)


# The metric


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("optimizer", ["bootstrap-random-search", "gepa"])
def test_what_a_metric_raises_ends_the_compile_and_names_the_question(
    early: bool, optimizer: str, tmp_path: Path
) -> None:
    """On the first of the data's own answers, or on a wrong answer of a model."""

    def mistaken(example: dspy.Example, answer: str | None) -> float:
        if early or answer != example.answer:
            raise ZeroDivisionError("by nothing\nat all")
        return 1.0

    world = World()
    line = refusal(
        Cascade("small", world.team),
        TRAIN,
        VAL,
        score=mistaken,
        optimizer=optimizer,
        folder=tmp_path,
        budget=100,
        proposer=world.proposer,
    )
    assert line.startswith("the metric failed (ZeroDivisionError: by nothing) on the answer '")
    assert " to 'What is " in line and line.endswith(": fix it, or the data")
    assert world.asked <= 12, "it goes on with nothing"


@pytest.mark.parametrize(
    ("gives", "words"),
    [
        (
            None,
            "the metric failed (TypeError: float() argument must be a string or a real number, not 'NoneType')",
        ),
        (
            100,
            "the metric gave 100 on the answer '4' to 'What is 2 + 2?': it must be between 0 and 1",
        ),
        (float("nan"), "the metric gave nan on the answer"),
    ],
)
def test_what_a_metric_gives_must_be_a_share(gives: Any, words: str) -> None:
    assert words in refusal(
        Cascade("small", World().team), rows(range(4)), VAL, score=lambda example, answer: gives
    )


# The usual score of programs


def code_rows(numbers: range, *without: str) -> list[dspy.Example]:
    made: list[dspy.Example] = []
    for n in numbers:
        test = f"assert f({n}) == {2 * n}"
        row = {
            "question": f"Write f that doubles, as in {n}.",
            "answer": "def f(x):\n    return 2 * x\n",
            "tests": [test],
            "setup": "",
            "entry_point": "f",
            "hidden": [f"assert f({n + 1}) == {2 * n + 2}"],
            "hidden_setup": "",
        }
        kept = {name: value for name, value in row.items() if name not in without}
        made.append(dspy.Example(**kept).with_inputs("question", "tests", "setup", "entry_point"))
    return made


@pytest.fixture
def programs() -> Callable[[World], Cascade]:
    try:
        open_sandbox()
    except CopeError:
        pytest.skip("no sandbox here")
    return lambda world: Cascade("small", world.team, domain="code")


@pytest.mark.slow
def test_programs_are_scored_by_their_hidden_tests(
    programs: Callable[[World], Cascade], tmp_path: Path
) -> None:
    def says(tier: str, messages: list[dict[str, str]], request: Any) -> str:
        right = len(messages) > 2 or "as in 9." in messages[-1]["content"]
        return f"```python\ndef f(x):\n    return {'2 * x' if right else '0'}\n```"

    world = World(says)
    made = compile(
        programs(world),
        code_rows(range(4)),
        code_rows(range(6, 10)),
        optimizer="labeled-few-shot",
        folder=tmp_path,
    )
    assert (made.before.values.count(1.0), made.after.accuracy) == (1, 1.0)


def test_programs_without_tests_have_no_usual_score() -> None:
    world = World()
    train = code_rows(range(4), "hidden", "hidden_setup")
    program = Cascade("small", world.team, domain="code")
    line = refusal(program, train, code_rows(range(6, 10)), score=None)
    assert line.startswith(
        "a question has no hidden and no hidden_setup, so no program can be scored by its tests"
    )
    assert world.asked == 0


# The folder


def test_two_compiles_never_share_a_folder(tmp_path: Path) -> None:
    """Else each would keep to the whole budget alone. The lock ends with the compile, however it ends."""
    splits = split(TRAIN, VAL)
    world = World()

    def prepared(**more: Any) -> Compilation:
        settings = CompileSettings(folder=tmp_path, **more)
        return Compilation(Cascade("small", world.team), splits, score, settings)

    first = prepared()
    for more in ({}, {"fresh": True}):
        with pytest.raises(
            CopeError, match=f"another compile is writing to {tmp_path}: wait for it, or choose"
        ):
            prepared(**more)
    first.close()
    prepared().close()
    (tmp_path / "calls.jsonl").write_text("no record\n" * 2)
    with pytest.raises(CopeError, match="line 1 is damaged"):
        prepared()
    (tmp_path / "calls.jsonl").unlink()
    prepared().close()
