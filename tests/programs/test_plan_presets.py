"""The presets with plans that earlier rounds shape, or with several large rounds."""

from typing import Any

import pytest
from support.plan_worlds import InProcess

from cope import Cascade, CopeError, Team
from cope.models import ScriptedEngine
from cope.programs import VisibleTests

QUESTION = "Double a number.\n\nassert double(2) == 4"
SQUARE, DOUBLE, PLUS_TWO = "x * x", "2 * x", "x + 2"


def programs(*bodies: str) -> ScriptedEngine:
    """An engine that writes programs in turn, and tests when it is asked for them."""
    turns = iter(bodies)

    def script(messages: list[dict[str, str]], request: Any) -> str:
        if "never programs" in messages[0]["content"]:
            return "assert double(3) == 6\nassert double(0) == 1"
        return f"```python\ndef double(x):\n    return {next(turns)}\n```"

    return ScriptedEngine(script)


def answer(preset: str, small: ScriptedEngine, large: ScriptedEngine, **tiers: Any) -> Any:
    gate: Any = VisibleTests(lambda: InProcess())  # type: ignore[arg-type]
    team = Team(small, large, cache=False, **tiers)
    program = Cascade(preset, team, domain="code", confidence=gate, early_stop="none")
    return program(question=QUESTION)


def test_proposed_tests_reject_a_program_that_the_shown_test_accepts() -> None:
    small = programs(*[SQUARE] * 4, *[PLUS_TWO] * 2, *[DOUBLE] * 2)
    answered = answer("cope-tests", small, programs())
    # Two of eight programs are right: most disagree with the true test, and it is dropped.
    assert (answered.round, answered.plan) == (1, None)
    assert answered.votes == {"passes all 1": 8}

    small = programs(*[SQUARE] * 3, *[DOUBLE] * 5)
    answered = answer("cope-tests", small, programs())
    assert answered.plan == "assert double(3) == 6" and answered.round == 1
    assert "2 * x" in answered.answer and answered.confidence == 1.0


def test_later_gates_use_the_tests_that_were_kept_and_nobody_is_asked_again() -> None:
    large = programs(SQUARE, SQUARE, DOUBLE, SQUARE, SQUARE)
    answered = answer("cope-tests", programs(*["2 * x if x == 3 else 0"] * 8), large)
    assert answered.rounds[0]["plan"] == "assert double(3) == 6"
    assert [record["accepted"] for record in answered.rounds] == [False, False, True]
    assert "2 * x" in answered.answer and [o["passed"] for o in answered.tests] == [True, True]
    asked = [str(request.system) for request in large.requests]
    assert sum("never programs" in text for text in asked) == 1


def test_tests_are_for_programs() -> None:
    with pytest.raises(CopeError, match="no tests plan is made for questions of kind 'short-"):
        Cascade("cope-tests", Team(programs(), programs()))


def test_the_large_tier_tries_again_where_its_program_fails_the_shown_test() -> None:
    answered = answer("cope-verified", programs(*["0"] * 8), programs("1", DOUBLE))
    assert answered.round == 3 and "2 * x" in answered.answer
    answered = answer("cope-verified", programs(*["0"] * 8), programs(DOUBLE))
    assert answered.round == 2


@pytest.mark.parametrize(
    ("small", "last", "asked"),
    [([DOUBLE], 1, 1), (["0", *["1"] * 5, DOUBLE], 2, 7), (["0"] * 7, 3, 7)],
)
def test_samples_are_drawn_only_where_the_greedy_program_fails_a_test(
    small: list[str], last: int, asked: int
) -> None:
    engine = programs(*small)
    answered = answer("greedy-first", engine, programs(DOUBLE))
    assert answered.round == last and "2 * x" in answered.answer
    assert len(engine.requests) == asked


@pytest.mark.parametrize(("preset", "last"), [("cope-best-of-large", 2), ("cope-two-large", 3)])
def test_tests_choose_from_several_large_programs(preset: str, last: int) -> None:
    large = programs(*["0", "1"] * (last == 3), "0", "0", DOUBLE, "0", "0")
    answered = answer(preset, programs(*["0"] * 8), large)
    assert answered.round == last and "2 * x" in answered.answer


def test_three_tiers() -> None:
    medium = programs(*["1"] * 3, DOUBLE)
    answered = answer("cope-three-tiers", programs(*["0"] * 8), programs(), medium=medium)
    assert answered.round == 2 and "2 * x" in answered.answer
    with pytest.raises(CopeError, match=r"rounds.2.reasoner: .*medium"):
        Cascade("cope-three-tiers", Team(programs(), programs()))


def test_the_planner_of_tests_begins_with_an_assert_where_its_engine_continues_replies() -> None:
    def script(messages: list[dict[str, str]], request: Any) -> str:
        assert messages[-1] == {"role": "assistant", "content": "assert"}
        return " double(3) == 6\nassert double(0) == 0"

    large = ScriptedEngine(script, continues_replies=True)
    answered = answer("cope-tests", programs(*[DOUBLE] * 8), large)
    assert answered.plan == "assert double(3) == 6\nassert double(0) == 0"


@pytest.mark.parametrize("domain", ["short-answer", "open"])
def test_a_preset_for_programs_answers_nothing_else(domain: str) -> None:
    with pytest.raises(CopeError, match=f"'cope-verified' is for questions of kind code.*{domain}"):
        Cascade("cope-verified", domain=domain)
