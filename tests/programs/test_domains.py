"""Kinds of questions by name, and a new one from outside."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dspy
import pytest
from click.testing import CliRunner

from cope.answers.kinds.base import AnswerKind
from cope.cli.main import app
from cope.errors import CopeError
from cope.programs import DOMAINS, Cascade
from cope.programs.domains.code import CODE
from cope.programs.domains.registry import DEFAULT_DOMAIN, domain_by_name
from cope.programs.domains.short_answer import SHORT_ANSWER


def _shouted(made: dspy.Prediction, given: Mapping[str, Any], answers: AnswerKind) -> str | None:
    return str(made.answer).upper()


@pytest.fixture
def loud() -> Iterator[str]:
    """A third party's kind of questions: its answers are shouted, and its gate has words of its own."""
    domain = replace(
        SHORT_ANSWER,
        name="loud",
        parse_answer=_shouted,
        gate_text=lambda threshold: "all must shout",
    )
    DOMAINS.register("loud", domain)
    yield "loud"
    DOMAINS.unregister("loud")


def test_the_registry_has_both_kinds_under_the_names_in_files() -> None:
    assert (DOMAINS["short-answer"], DOMAINS["code"]) == (SHORT_ANSWER, CODE)
    assert SHORT_ANSWER.name == DEFAULT_DOMAIN
    with pytest.raises(
        CopeError, match=r"no kind of questions is named 'cod': did you mean code\?"
    ):
        domain_by_name("cod")


def test_a_kind_from_outside_reads_answers_in_its_own_way(loud: str, scripted: Any) -> None:
    world = scripted(lambda ask: "steps\nwhisper")
    program = Cascade("small", world.team, domain=loud)
    assert program(question="Say it.").answer.isupper()
    assert program.dump_state()["domain"] == "loud"


def test_a_kind_from_outside_is_shown_by_name(loud: str) -> None:
    shown = CliRunner().invoke(app, ["show", "cope", "--domain", loud])
    assert "domain: loud" in shown.output and "all must shout" in shown.output


def test_demonstrations_hold_the_answer_under_the_reasoners_field() -> None:
    example = dspy.Example(question="?", answer="def f(): ...").with_inputs("question")
    assert CODE.demonstration(example).program == example.answer
    assert SHORT_ANSWER.demonstration(example) is example
