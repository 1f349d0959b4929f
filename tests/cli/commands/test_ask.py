"""`cope ask` with scripted models: what stands on stdout, what on stderr, and how it fails."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.ask_replies import QUESTION, split, sure, system

from cope.models import Price, ScriptedEngine, Team
from cope.programs import Cascade


def test_stdout_holds_the_answer_alone_and_stderr_the_rounds(cope: Callable[..., Result]) -> None:
    result = cope("ask", QUESTION, script=sure)
    assert (result.exit_code, result.stdout) == (0, "42\n")
    before, *lines = result.stderr.splitlines()
    assert before == "a question takes at most 26 calls: small 24, large 2"
    assert (
        lines[0].startswith("round 1: small (")
        and "writes 8 goal plans, then solves with each" in lines[0]
    )
    assert lines[0].endswith("75% must agree")
    assert "round 1: plan 1 of 8: Find the product." in lines
    assert "round 1: vote 6 of 8: 42  (42: 6)" in lines
    assert (
        lines[-2].startswith("round 1: accepted 42: ") and "agree, 75% are enough  (" in lines[-2]
    )
    assert lines[-1].startswith("used: small 16 calls, ") and "; money unknown; " in lines[-1]
    assert "\x1b" not in result.stderr


def test_an_escalation_says_why_and_hands_its_plan_on(cope: Callable[..., Result]) -> None:
    result = cope("ask", QUESTION, "--samples", "4", "--early-stop", "none", script=split)
    assert result.stdout == "42\n"
    assert "round 1: escalated: 25% agree, 75% are needed" in result.stderr
    assert "round 1: forwards the plan: Find the product." in result.stderr
    assert (
        "large (engine/ScriptedEngine" in result.stderr
        and "writes a guideline plan, small" in result.stderr
    )
    assert "solves 4 times with it and round 1's plan, 50% must agree" in result.stderr
    assert "round 2: plan: Multiply the two numbers." in result.stderr
    assert "solves once with round 2's plan" in result.stderr
    assert "round 3: accepted 42: the last round answers" in result.stderr
    took = next(line for line in result.stderr.splitlines() if line.startswith("model time "))
    assert "the large model alone takes about" in took and "tokens a second" in took


def test_json_is_one_document_with_all_that_happened(cope: Callable[..., Result]) -> None:
    result = cope(
        "ask", QUESTION, "--json", "--preset", "self-consistency", "--samples", "3", script=sure
    )
    document = json.loads(result.stdout)
    assert (document["answer"], document["confidence"], document["round"]) == ("42", 1.0, 1)
    assert document["votes"] == {"42": 3} and document["preset"] == "self-consistency"
    assert document["cost"] is None, "a price that is not known is not 0"
    assert (
        list(document["models"]) == ["small"]
        and document["rounds"][0]["samples"][0]["answer"] == "42"
    )
    assert document["usage"][0]["tier"] == "small" and document["seconds"] > 0
    assert document["model_time"] is None, "a tier alone is compared with no other"


def test_quiet_says_nothing_but_the_answer(cope: Callable[..., Result]) -> None:
    result = cope("ask", QUESTION, "-q", script=sure)
    assert (result.stdout, result.stderr) == ("42\n", "")


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_question_from_stdin(cope: Callable[..., Result], arguments: list[str]) -> None:
    asked: list[str] = []

    def note(messages: list[dict[str, str]], request: Any) -> str:
        asked.append(messages[-1]["content"])
        return "Answer: 42"

    result = cope("ask", *arguments, "--preset", "small", script=note, stdin=f"{QUESTION}\n")
    assert result.stdout == "42\n" and asked == [QUESTION]


def test_embedded_models_are_all_brought_first_and_loaded_when_their_round_comes(
    cope: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cope.models.engines.embedded import EmbeddedEngine

    happened: list[str] = []
    large_is_loaded = threading.Event()

    slots: dict[str, int] = {}

    def load(self: EmbeddedEngine) -> None:
        happened.append(f"load {self.weights}")
        slots[self.weights] = self.slots
        if self.weights == "large":
            large_is_loaded.set()

    async def generate(self: EmbeddedEngine, request: Any) -> Any:
        if self.weights == "large":  # as the real one, whose first call waits for the load
            await asyncio.to_thread(large_is_loaded.wait, 10)
        happened.append(f"ask {self.weights}")
        return await ScriptedEngine(split).agenerate(request)

    def bring(name: str, folder: Any, progress: Any) -> Path:
        happened.append(f"bring {name}")
        return Path(name)

    monkeypatch.setattr(EmbeddedEngine, "agenerate", generate)
    monkeypatch.setattr(EmbeddedEngine, "load", load)
    monkeypatch.setattr("cope.models.loading.resolve_weights", bring)
    result = cope(
        "ask",
        QUESTION,
        "--small",
        "local/small",
        "--large",
        "local/large",
        "--samples",
        "3",
        "--no-cache",
    )
    assert result.stdout == "42\n", result.stderr
    assert happened[:4] == ["bring small", "bring large", "load small", "ask small"]
    assert "load large" in happened[happened.index("ask small") : happened.index("ask large")]
    calls = "a question takes at most 11 calls: small 9, large 2"
    assert result.stderr.startswith(f"loading small ... 0.0 s\n{calls}\nround 1: ")
    assert "round 2: loading large ...\n" in result.stderr
    assert slots == {"small": 8, "large": 2}  # for the calls of one question


def test_a_saved_program_is_asked_with_other_samples(
    cope: Callable[..., Result], tmp_path: Path
) -> None:
    team = Team(ScriptedEngine(sure), ScriptedEngine(sure))
    program = Cascade("self-consistency", team)
    predictor = program.round_1.reasoner.predict
    predictor.signature = predictor.signature.with_instructions("Say what it is.")
    program.save(str(tmp_path / "mine.json"))
    seen: list[str] = []

    def note(messages: list[dict[str, str]], request: Any) -> str:
        seen.append(system(messages))
        return "Answer: 42"

    result = cope(
        "ask",
        QUESTION,
        "--json",
        "--program",
        "mine.json",
        "--samples",
        "3",
        "--early-stop",
        "none",
        script=note,
    )
    document = json.loads(result.stdout)
    assert document["preset"] == "self-consistency" and document["votes"] == {"42": 3}
    assert len(seen) == 3 and all(text.startswith("Say what it is.") for text in seen)


def test_money_by_the_prices_that_the_user_gives(cope: Callable[..., Result]) -> None:
    prices = {"small": Price.parse("1000/1000")}
    result = cope("ask", QUESTION, "--preset", "small", script=sure, prices=prices)
    assert "money $0.0" in result.stderr or "money $0.1" in result.stderr


def test_a_budget_ends_a_question_before_its_next_round(cope: Callable[..., Result]) -> None:
    turn = iter(range(1000))
    result = cope(
        "ask",
        QUESTION,
        "--budget",
        "0.5",
        script=lambda *_: f"so\nAnswer: {next(turn)}",
        prices={"small": Price.parse("1000/1000"), "large": Price.parse("1000/1000")},
    )
    assert result.exit_code == 1 and result.stdout == ""
    assert "round 1: " in result.stderr and "round 2: " not in result.stderr
    error = result.stderr.splitlines()[-1]
    assert error.startswith("error: the budget of $0.5 is used up before there is an answer (spent")


def test_escapes_of_an_answer_are_made_visible(cope: Callable[..., Result]) -> None:
    result = cope("ask", QUESTION, "-q", script=lambda *_: "Answer: a\x1b[2Jb\x07")
    assert "\x1b" not in result.output and "\x07" not in result.output
