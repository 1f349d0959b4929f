"""A cascade of a signature of the user's own: its inputs are in every prompt, its first output is the answer."""

import json
from pathlib import Path
from typing import Any, Literal

import dspy
import pytest
from click.testing import CliRunner
from support.sweeps import mostly_slow

from cope import Cascade, CopeError, Team
from cope.cli.main import app
from cope.models import ScriptedEngine
from cope.optimize import compile
from cope.programs.task_signature import TaskSignature


class Route(dspy.Signature):
    """Route the ticket to the team that answers it."""

    ticket: str = dspy.InputField()
    customer: str = dspy.InputField(desc="what the customer buys")
    team: Literal["billing", "technical"] = dspy.OutputField(desc="the team")


FIELDS = {"ticket": "The invoice is wrong.", "customer": "a shop"}


def team(reply: Any = "An invoice.\nTeam: billing") -> tuple[Team, ScriptedEngine, ScriptedEngine]:
    small, large = ScriptedEngine(lambda *_: reply), ScriptedEngine(lambda *_: reply)
    return Team(small, large, cache=False), small, large


def text(request: Any) -> str:
    return "\n".join(part.text for message in request.messages for part in message.parts)


def test_all_inputs_are_in_the_prompts_of_planners_and_reasoners():
    tiers, small, large = team()
    result = Cascade("plan-then-solve", tiers, signature=Route)(**FIELDS)
    assert result.answer == result.team == "billing" and result.confidence == 1.0
    requests = small.requests + large.requests
    assert len(requests) == 2
    for request in requests:
        assert "Ticket: The invoice is wrong." in text(request)
        assert "Customer: a shop" in text(request)
        assert "Route the ticket" in str(request.system)


@pytest.mark.parametrize(
    ("signature", "reply", "answer", "value"),
    [
        ("text -> label", "Label: Good.", "Good", "Good"),
        ("text -> count: int", "Two.\nCount: 2", "2", 2),
        ("text -> ok: bool", "Yes.\nOk: True", "True", True),
        ("text -> tags: list[str]", 'So.\nTags: ["a", "b"]', "a; b", ["a", "b"]),
        ("text -> answer, why", "So.\nAnswer: 4\nWhy: because", "4", "4"),
        ("text -> reasoning, label", "So.\nLabel: x", "x", "x"),
    ],
)
def test_types_of_the_first_output(signature: str, reply: str, answer: str, value: Any):
    cascade = Cascade("small", team(reply)[0], signature=signature)
    result = cascade(text="Is it?")
    assert result.answer == answer
    assert result[TaskSignature.of(signature).answer] == value


def test_a_reply_outside_the_type_is_no_vote():
    result = Cascade("small", team("So.\nTeam: sales")[0], signature=Route)(**FIELDS)
    assert result.answer is None and result.team is None


@pytest.mark.slow
def test_a_program_is_saved_and_loaded_with_its_signature(tmp_path: Path):
    cascade = Cascade("cope", team()[0], signature=Route)
    cascade.save(str(tmp_path / "route.json"))
    loaded = Cascade.from_file(tmp_path / "route.json", team()[0])
    assert loaded(**FIELDS).team == "billing"
    assert loaded.fingerprint() == cascade.fingerprint()
    assert loaded.dump_state() == cascade.dump_state()
    with pytest.raises(CopeError, match="saved with another signature"):
        Cascade("cope", team()[0]).load_state(cascade.dump_state())


def test_the_kind_of_answers_is_kept_where_it_is_named(tmp_path: Path):
    cascade = Cascade("small", team()[0], signature="text -> label", answer_kind="math")
    cascade.save(str(tmp_path / "label.json"))
    assert Cascade.from_file(tmp_path / "label.json", team()[0]).answer_kind == "math"
    assert Cascade("small", team()[0], signature="text -> n: float").answer_kind == "number"


def test_a_single_text_is_the_value_of_the_first_input():
    """So a task with a question alone can be answered by the program."""
    tiers, small, _ = team("So.\nLabel: x")
    assert Cascade("small", tiers, signature="text -> label")(question="Is it?").label == "x"
    assert "Is it?" in text(small.requests[0])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"ticket": "x"}, "takes ticket, customer, and the call lacks customer"),
        ({**FIELDS, "mood": "bad"}, "has no mood"),
        ({}, "lacks ticket, customer"),
    ],
)
def test_wrong_inputs(inputs: dict[str, str], message: str):
    with pytest.raises(CopeError, match=message):
        Cascade("small", team()[0], signature=Route)(**inputs)


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (7, "give a class derived from dspy.Signature"),
        ("ticket, team", "is no signature"),
        ("ticket -> votes", "named 'votes'"),
        ("ticket, demos -> team", "named 'demos'"),
        ("ticket -> reasoning", "needs an input and an output"),
        ("ticket: dict -> team", "of type dict"),
    ],
)
def test_signatures_that_a_cascade_cannot_take(signature: Any, message: str):
    with pytest.raises(CopeError, match=message):
        Cascade("small", team()[0], signature=signature)


def test_a_field_has_no_name_of_a_plan_that_the_rounds_use():
    with pytest.raises(CopeError, match="named 'goal'"):
        Cascade("cope", team()[0], signature="goal -> team")
    assert Cascade("small", team()[0], signature="goal -> team").answer_kind == "text"


def test_programs_take_no_signature():
    with pytest.raises(CopeError, match="take no signature of your own"):
        Cascade("small", team()[0], signature=Route, domain="code")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "__class__"},
        {"role": "config"},
        {"type": "os.PathLike"},
        {"type": [{"a": 1}]},
        {"lm": "openai/gpt"},
    ],
)
def test_a_file_with_a_wrong_signature_is_refused(change: dict[str, Any], tmp_path: Path):
    file = tmp_path / "route.json"
    Cascade("small", team()[0], signature=Route).save(str(file))
    state = json.loads(file.read_text())
    state["signature"]["fields"][0].update(change)
    file.write_text(json.dumps(state))
    with pytest.raises(CopeError, match=r"route.json.*signature\.fields"):
        Cascade.from_file(file, team()[0])


def test_show_and_diff_print_the_signature(tmp_path: Path):
    file = str(tmp_path / "route.json")
    Cascade("small", team()[0], signature=Route).save(file)
    shown = CliRunner().invoke(app, ["show", file])
    assert shown.exit_code == 0, shown
    assert "signature:" in shown.stdout and "customer" in shown.stdout
    document = json.loads(CliRunner().invoke(app, ["show", file, "--json"]).stdout)
    names = [field["name"] for field in document["signature"]["fields"]]
    assert names == ["ticket", "customer", "team"]
    assert "program signature" in CliRunner().invoke(app, ["diff", "small", file]).stdout


def rows(numbers: range) -> list[dspy.Example]:
    """Rows whose question is the same, and whose other input decides."""
    found = []
    for number in numbers:
        row = dspy.Example(question="Which number is it?", context=f"It is {number}", number=number)
        found.append(row.with_inputs("context", "question"))
    return found


@pytest.mark.parametrize(
    "optimizer", ["labeled-few-shot", "bootstrap-few-shot", *mostly_slow(["gepa"])]
)
def test_a_program_compiles_on_rows_with_its_own_fields(optimizer: str, tmp_path: Path):
    """Rows with one question are told apart by their context; demonstrations hold both fields."""

    def reply(messages: list[dict[str, str]], request: Any) -> str:
        last = messages[-1]["content"]
        assert "Context: It is" in last and "Question: Which number is it?" in last
        number = int(last.split("It is ")[1].split()[0])
        helped = len(messages) > 2 or "abracadabra" in messages[0]["content"]
        return f"So.\nNumber: {number if helped or number % 2 else number + 1}"

    tiers = Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)
    program = Cascade("small", tiers, signature="context, question -> number: int")
    result = compile(
        program,
        rows(range(12)),
        rows(range(20, 32)),
        optimizer=optimizer,
        proposer=ScriptedEngine(lambda *_: "abracadabra"),
        budget=150,
        folder=tmp_path / "compile",
    )
    assert result.before.accuracy == 0.5 and result.after.accuracy == 1.0
    result.program.save(str(tmp_path / "program.json"))
    loaded = Cascade.from_file(tmp_path / "program.json", tiers)
    assert loaded(question="Which number is it?", context="It is 40").number == 40
