"""A kind of answers from outside, named by a task: samples vote and answers are scored by it, live and replayed."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.commands import give_team
from support.record_command import done
from support.recordings import recorder, recording

from cope import Cascade, CopeError
from cope.answers.kinds.base import NormalFormKind
from cope.answers.kinds.registry import ANSWER_KINDS
from cope.eval import (
    Replay,
    ShortAnswerTask,
    answer_kind_of,
    read_answers_of,
    replay_results,
    task_by_name,
)
from cope.eval.tasks import resolve
from cope.optimize import compile
from cope.optimize.compiler.settings import default_scorer
from cope.programs import load_preset
from cope.report.sources.open import open_source

REDS = ("red", "crimson", "scarlet")
VOTES = """
name = "votes"
[[rounds]]
reasoner = "small"
samples = 3
temperature = 0.7
threshold = 0.6
[[rounds]]
reasoner = "large"
"""


class Color(NormalFormKind):
    """The first color in a text; all reds are one."""

    name = "color"

    def parse(self, text: str) -> str | None:
        for word in text.lower().replace(".", " ").split():
            if word in (*REDS, "blue"):
                return word
        return None

    def normalize(self, answer: str) -> str:
        return "red" if answer in REDS else answer


TASK = ShortAnswerTask("colors", answer_kind="color")
ROSE = dspy.Example(id="1", question="Which color has a rose?", answer="red").with_inputs(
    "question"
)


@pytest.fixture
def color(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    ANSWER_KINDS.register("color", Color())
    (tmp_path / "votes.toml").write_text(VOTES)
    monkeypatch.chdir(tmp_path)
    yield "color"
    ANSWER_KINDS.unregister("color")


def replies() -> Callable[[Any], str]:
    """Three samples that agree only as colors; the large model says blue."""
    words = iter("crimson scarlet blue".split() * 9)
    return lambda ask: "So.\nAnswer: blue" if ask.tier == "large" else f"So.\nAnswer: {next(words)}"


@pytest.mark.usefixtures("color")
def test_samples_vote_and_are_scored_by_the_kind_live_and_in_a_replay(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    team, preset = scripted(replies()).team, load_preset("votes.toml")
    live = Cascade(preset, team, answer_kind="color")(question=ROSE.question)
    assert (live.round, live.confidence) == (1, 2 / 3)
    assert asyncio.run(TASK.score(ROSE, live.answer)).value == 1.0

    made = recorder(scripted(replies()).team, preset, answer_kind="color")
    record = recording(made, tmp_path, [ROSE], TASK)
    assert record.manifest.answer_kind == "color"
    assert sorted(record.rounds[0].votes[0].tolist()) in ([0, 0, 1], [0, 1, 1])
    (replayed,) = replay_results(Replay(record)).results
    assert (replayed.round, replayed.confidence) == (live.round, live.confidence)
    assert (replayed.answer in REDS, replayed.score) == (True, 1.0)


@pytest.mark.usefixtures("color")
def test_the_same_samples_do_not_agree_as_mathematics(scripted: Callable[..., Any]) -> None:
    program = Cascade(load_preset("votes.toml"), scripted(replies()).team, answer_kind="math")
    assert program.answer_kind == "math" and program(question=ROSE.question).round == 2


def test_a_program_that_names_no_kind_compares_texts_and_files_its_state_as_before(
    tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    """The kind of a file's compile, or of a task, comes before that; named mathematics is kept."""
    team = scripted(lambda ask: "Answer: 16/2").team
    unnamed = Cascade("small", team)
    assert (unnamed.answer_kind, unnamed.saved_kind) == ("text", "math")
    assert "answer_kind" not in unnamed.dump_state()
    assert Cascade("small", team, domain="code").answer_kind == "code"
    assert Cascade("small", team, signature="ticket -> number: int").answer_kind == "number"
    for task, kind in (("gsm8k", "number"), ("math500", "math")):
        read = read_answers_of(unnamed, task_by_name(task))
        assert (read.answer_kind, read.fingerprint()) == (kind, unnamed.fingerprint())
    for given, loaded in ((None, "text"), ("math", "math"), ("text", "text"), ("date", "date")):
        Cascade("small", team, answer_kind=given).save(tmp_path / "p.json")
        again = Cascade.from_file(tmp_path / "p.json", team)
        assert again.answer_kind == loaded, given
        assert again.deepcopy().dump_state() == again.dump_state()
        assert (
            read_answers_of(again, task_by_name("math500")).fingerprint() == unnamed.fingerprint()
        )
    unnamed.save(tmp_path / "p.json")
    plain = json.loads((tmp_path / "p.json").read_text())
    (tmp_path / "p.json").write_text(json.dumps(plain | {"compiled": {"answer_kind": "number"}}))
    compiled = Cascade.from_file(tmp_path / "p.json", team)
    assert compiled.answer_kind == "number"
    assert compiled.fingerprint() == unnamed.fingerprint()


def test_a_compile_of_a_program_that_names_no_kind_takes_that_of_the_right_answers(
    scripted: Callable[..., Any],
) -> None:
    rows = []
    for number in range(12):
        row = dspy.Example(question=f"Double of {number} ?", answer=str(2 * number))
        rows.append(row.with_inputs("question"))

    def double(ask: Any) -> str:
        return f"Answer: {2 * int(ask.user.split()[2])}.0"

    team = scripted(double).team
    made = compile(Cascade("small", team), rows, optimizer="labeled-few-shot", budget=40)
    assert (made.program.answer_kind, made.program.saved_kind) == ("number", "math")
    assert made.before.accuracy == 1.0, "4.0 is 4"


def test_a_saved_program_keeps_a_kind_that_is_not_the_usual_one(
    color: str, tmp_path: Path, scripted: Callable[..., Any]
) -> None:
    team = scripted(replies()).team
    other = Cascade("small", team).with_answer_kind(color)
    assert other.dump_state()["answer_kind"] == color
    other.save(tmp_path / "p.json")
    assert Cascade.from_file(tmp_path / "p.json", team).answer_kind == color
    assert Cascade.from_file(tmp_path / "p.json", team, answer_kind="text").answer_kind == "text"


@pytest.mark.usefixtures("color")
def test_a_compile_without_a_score_of_its_own_scores_by_the_kind(
    scripted: Callable[..., Any],
) -> None:
    team = scripted(replies()).team
    values = []
    for kind in ("color", None):
        scorer: Any = default_scorer(Cascade("small", team, answer_kind=kind), [ROSE])
        values.append(asyncio.run(scorer(ROSE, "crimson")).value)
    assert values == [1.0, 0.0]


def test_programs_have_no_other_kind_and_unknown_kinds_are_named(
    scripted: Callable[..., Any],
) -> None:
    team = scripted(replies()).team
    with pytest.raises(CopeError, match="questions of kind 'code' have answers of kind 'code'"):
        Cascade("small", team, domain="code", answer_kind="text")
    with pytest.raises(CopeError, match="no kind of answers is named 'colour'"):
        Cascade("small", team, answer_kind="colour")


def test_a_task_that_names_no_kind_has_that_of_its_domain() -> None:
    class Plain:
        domain = "code"

    task: Any = Plain()
    assert (answer_kind_of(task), answer_kind_of(TASK)) == ("code", "color")
    assert answer_kind_of(replace(TASK, answer_kind="text")) == "text"


@pytest.mark.usefixtures("color")
def test_the_commands_use_the_kind_of_the_task(
    tmp_path: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    give_team(monkeypatch, lambda given: scripted(replies()).team)
    row = {"id": "1", "question": ROSE.question, "answer": "red"}
    (tmp_path / "q.jsonl").write_text(json.dumps(row) + "\n")
    words = ("colors", "--data", "q.jsonl", "--preset", "votes.toml")
    monkeypatch.setattr(resolve, "task_by_name", lambda name, *given, **options: TASK)
    live = json.loads(done("eval", *words, "--no-track", "--json").stdout)
    assert live["accuracy"] == 1.0
    done("record", *words, "--also", "none", "-o", "r.parquet")
    again = json.loads(done("eval", "--replay", "r.parquet", "--json").stdout)
    assert again["accuracy"] == 1.0
    source = open_source(tmp_path / "r.parquet")
    assert source.answer_kind == "color"
    assert source.same_answer is not None and source.same_answer("crimson", "scarlet")
