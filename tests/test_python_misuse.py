"""Public functions that are called with arguments of the wrong kind say what to give instead."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, Team, load_preset
from cope.answers import extract_program, matches
from cope.eval import (
    QuestionResult,
    Recorder,
    Replay,
    RunStore,
    evaluate,
    open_recording,
    task_by_name,
)
from cope.eval.comparison.compare import compare
from cope.models import Ledger, Price, ScriptedEngine, use_ledger
from cope.programs import VoteShare, load_program
from cope.sandbox import judge

TASK = task_by_name("jsonl")
EXAMPLES = [dspy.Example(id="q", question="What?", answer="1").with_inputs("question")]
RESULTS = [QuestionResult("k", "i", "q", "1", answer="1", score=1.0, round=1)]


def team(**options: Any) -> Team:
    engines = [ScriptedEngine(lambda messages, request: "Answer: 1") for _ in range(2)]
    return Team(*engines, **{"cache": False, **options})


def cascade(preset: Any = "small", **options: Any) -> Cascade:
    return Cascade(preset, options.pop("team", team()), **options)


def evaluated(
    task: Any = TASK, examples: Any = EXAMPLES, system: Any = None, **options: Any
) -> object:
    store = RunStore({"task": "jsonl", "preset": "small", "models": {}}, Path("runs"))
    with store.open():
        work = evaluate(task, examples, system or cascade(), store, **options)
        return asyncio.run(work)


def closed(store: Any) -> object:
    return asyncio.run(evaluate(TASK, EXAMPLES, cascade(), store))


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: Team(small=3), r"Team\(small\) is 3: give a model's name"),
    (lambda: Team(small=None), r"Team\(small\) is None: give a model's name"),
    (lambda: Team(small=ScriptedEngine), r"is the class ScriptedEngine: give .* an engine object"),
    (lambda: Team(large=dspy.LM("openai/m")), r"Team\(large\) is a LM: give a model's name"),
    (lambda: Team(price={}), r"Team\(price\) .*: give .*; the option is called prices"),
    (lambda: team(limits="2"), r"Team\(limits\) is '2': give a dict by the names of tiers"),
    (
        lambda: team(limits={"small": "2"}),
        r"limit of tier 'small' is '2': give a whole number of 1",
    ),
    (lambda: team(limits={"small": 1.5}), r"limit of tier 'small' is 1.5: give a whole number"),
    (lambda: team(limits={"small": 0}), r"limit of tier 'small' is 0: give a whole number of 1"),
    (lambda: team(prices="2/8"), r"Team\(prices\) is '2/8': give a dict"),
    (lambda: team(prices={"large": "2/8"}), r"write Price.parse\('2/8'\)"),
    (lambda: team(keys={"small": 3}), r"key of tier 'small' is 3: give an environment variable's"),
    (lambda: team(adapter=3), r"Team\(adapter\) is 3: give the name lean, chat"),
    (lambda: team(context="2048"), r"Team\(context\) is '2048': give a whole number of 1 or more"),
    (lambda: team(max_tokens=0), r"Team\(max_tokens\) is 0: give a whole number of 1 or more"),
    (lambda: team(weights_dir=3), r"Team\(weights_dir\) is 3: give the path of a folder"),
    (lambda: team()[3], r"no tier is named 3: the team has small, large"),
    (lambda: cascade(None), "a NoneType is no preset: give a preset's name"),
    (lambda: cascade({"rounds": []}), "a dict is no preset"),
    (lambda: cascade("question -> answer"), r"a signature is no preset: give it as Cascade\(sig"),
    (lambda: cascade(dspy.Signature("q -> a")), "a signature is no preset"),
    (lambda: cascade(team="openai/m"), r"Cascade\(team\) is 'openai/m': give a Team"),
    (lambda: cascade(team={"small": "m"}), r"Cascade\(team\) is a dict: give a Team"),
    (lambda: cascade(seed="x"), r"Cascade\(seed\) is 'x': give a whole number$"),
    (lambda: cascade(early_stop=3), "no rule for stopping early is named 3"),
    (lambda: cascade(domain=3), "no kind of questions is named 3"),
    (lambda: cascade(confidence="votes"), r"Cascade\(confidence\) is 'votes': give an object such"),
    (lambda: cascade(confidence=VoteShare), r"is the class VoteShare: give an object such as"),
    (lambda: cascade(answer_kind="nmber"), "did you mean number"),
    (lambda: cascade()(), "the call has no question"),
    (lambda: cascade()(question=3), "question is 3: give a text"),
    (lambda: cascade()(question=["a"]), "question is a list: give a text"),
    (lambda: load_program(3), "3 is not a program"),
    (lambda: load_preset(None), r"load_preset\(name\) is None: give a preset's name"),
    (lambda: load_preset("cope").with_overrides(samples="8"), r"samples is '8': give a whole"),
    (lambda: load_preset("cope").with_overrides(thresholds=0.5), r"give a tuple such as \(0.75"),
    (lambda: task_by_name(None), r"task_by_name\(name\) is None: give a task's name"),
    (lambda: evaluated(task="jsonl"), r"evaluate\(task\) is 'jsonl': give a task"),
    (
        lambda: evaluated(examples=None),
        r"evaluate\(examples\) is None: give a list of dspy.Example",
    ),
    (
        lambda: evaluated(examples=[{"question": "x"}]),
        "example 1 is a dict: give a list of dspy.Ex",
    ),
    (lambda: evaluated(examples=[dspy.Example(question="x")]), "example 1 has no 'id': give"),
    (lambda: evaluated(system="small"), r"evaluate\(system\) is 'small': give a system"),
    (lambda: evaluated(system=dspy.Predict("q -> a")), r"evaluate\(system\) is a Predict"),
    (lambda: evaluated(in_flight=0), r"evaluate\(in_flight\) is 0: give a whole number of 1"),
    (lambda: evaluated(budget="1"), r"evaluate\(budget\) is '1': give a number of 0 or more"),
    (lambda: closed(Path("x")), r"evaluate\(store\) is a PosixPath: give a RunStore that is open"),
    (lambda: closed(RunStore({"task": "t", "preset": "p"})), "call evaluate inside `with store.op"),
    (lambda: RunStore({}), r"RunStore\(settings\) lacks a key"),
    (lambda: RunStore("x"), r"RunStore\(settings\) is 'x': give a dict"),
    (lambda: RunStore.read(3), r"RunStore.read\(path\) is 3: give the path of a folder"),
    (lambda: compare(RESULTS), r"compare\(results\) is a list: give a dict of results"),
    (lambda: compare({"a": "x", "b": RESULTS}), r"\(results\)\['a'\] is 'x': give a list of Ques"),
    (lambda: compare({"a": RESULTS, "b": RESULTS}, measure="cst"), "did you mean cost"),
    (lambda: compare({"a": RESULTS, "b": RESULTS}, margin="x"), r"give a number from 0 to 1"),
    (lambda: Recorder("cope"), r"Recorder\(cascades\) is 'cope': give a dict of one or more"),
    (lambda: Recorder({}), r"Recorder\(cascades\) is None: give a dict of one or more"),
    (lambda: Recorder({"a": "cope"}), r"Recorder\(cascades\)\['a'\] is 'cope': give a Cascade"),
    (lambda: open_recording(3), "a recording is 3: give the path of a file"),
    (lambda: Replay(3), "a recording is 3: give the path of a file"),
    (lambda: Price.parse(3), r"Price.parse\(text\) is 3: give a text such as"),
    (lambda: Price("1", "2"), r"Price\(input_per_million\) is '1': give a number of 0 or more"),
    (lambda: Price(-1), r"Price\(input_per_million\) is -1: give a number of 0 or more"),
    (lambda: Price(1, float("nan")), r"Price\(output_per_million\) is nan: give a number"),
    (lambda: Ledger("x"), r"Ledger\(path\) is 'x': give the Path of a file"),
    (lambda: use_ledger("x"), r"use_ledger\(ledger\) is 'x': give an open Ledger"),
    (lambda: matches(None, "1"), r"matches\(text\) is None: give the text of a reply"),
    (lambda: matches("1", 1), r"matches\(gold\) is 1: give the right answer as a text"),
    (lambda: extract_program(None, "q"), r"extract_program\(reply\) is None: give the text"),
    (lambda: judge(None, ["assert 1"]), r"judge\(program\) is None: give Python source"),
    (lambda: judge("x = 1", [3]), r"a test of judge\(tests\) is 3: give Python source"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_wrong_argument_is_one_line_with_a_remedy(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    call, said = CASES[number]
    with pytest.raises(CopeError, match=said) as raised:
        call()
    assert "\n" not in str(raised.value)
