"""`cope ask` with scripted models: what stands on stdout, what on stderr, and how it fails."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from dspy.lm15 import ContextLengthError
from support import commands
from support.ask_replies import QUESTION, split, sure, system
from support.commands import give_team

from cope.errors import CopeError
from cope.models import Price, ScriptedEngine, Team
from cope.programs import Cascade


@pytest.fixture
def cope(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Runs the command line in an empty folder; `script` answers for both tiers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str, script: Any = None, stdin: str | None = None, **team: Any) -> Result:
        if script:
            scripted = Team(ScriptedEngine(script), ScriptedEngine(script), cache=False, **team)
            give_team(monkeypatch, lambda options: scripted)
        return commands.cope(*arguments, typed=stdin)

    return run


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


@pytest.mark.parametrize("question", ["", " \n"])
def test_no_question_is_a_usage_error(cope: Callable[..., Result], question: str) -> None:
    assert cope("ask", question, script=sure).exit_code == 2


def test_an_answer_that_cannot_be_read_is_an_error(cope: Callable[..., Result]) -> None:
    result = cope("ask", QUESTION, "--preset", "small", script=lambda messages, request: "")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith(
        "error: no answer could be read in any round: "
    )


def test_a_prompt_longer_than_the_context_is_one_line(cope: Callable[..., Result]) -> None:
    def refuse(messages: list[dict[str, str]], request: Any) -> str:
        raise ContextLengthError(
            "the prompt has 3042 tokens and the model's context 2048: shorten it"
        )

    result = cope("ask", QUESTION, "--preset", "small", script=refuse)
    assert (result.exit_code, result.stdout) == (1, "")
    error = result.stderr.splitlines()[-1]
    assert (
        error
        == "error: the prompt has 3042 tokens and the model's context 2048: shorten it (--context N)"
    )


def test_an_engine_s_own_error_comes_through_dspy(cope: Callable[..., Result]) -> None:
    def refuse(messages: list[dict[str, str]], request: Any) -> str:
        raise CopeError("Ollama has no model 'x': bring it")

    result = cope("ask", QUESTION, script=refuse)
    assert (
        result.exit_code == 1
        and result.stderr.splitlines()[-1] == "error: Ollama has no model 'x': bring it"
    )


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--preset", "cop"], 1, "no preset is named 'cop': did you mean cope?"),
        (["--preset", "other"], 1, "there are answer-cascade, best-of-tests, "),
        (["--preset", "my.toml"], 1, "cannot read the preset my.toml"),
        (["--program", "my.json"], 1, "cannot read the program my.json"),
        (["--program", "my.json", "--preset", "cope"], 2, "leave out --preset"),
        (["--thresholds", "0.5,0.5,0.5"], 1, "has 2 thresholds, and 3 are given"),
        (["--thresholds", "75"], 2, "above 0 and up to 1"),
        (["--small", "qwen"], 1, "needs a provider in front"),
        (["--small", "local/qwen9"], 1, "no weights are called 'qwen9'"),
        (["--tier", "judge"], 2, "is not NAME=VALUE"),
        (["--tier", "small=local/tiny"], 1, "that name is taken"),
        (["--price", "small=cheap"], 2, "price 'cheap' is not understood"),
        (["--price", "middle=1/2"], 1, "no tier is named 'middle'"),
        (["--in-flight", "small=0"], 2, "not a number above 0"),
        (["--timeout", "0"], 1, "allows no request: give more than 0"),
        (["--adapter", "toon"], 1, "choose one of lean, chat"),
    ],
)
def test_what_a_user_can_get_wrong(
    cope: Callable[..., Result], options: list[str], status: int, said: str
) -> None:
    result = cope("ask", QUESTION, *options)
    assert result.exit_code == status and said in result.stderr and result.stdout == ""
    assert status == 2 or (
        len(result.stderr.splitlines()) == 1 and result.stderr.startswith("error: ")
    )


def test_no_server_is_one_line(
    cope: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    result = cope(
        "ask", QUESTION, "-q", "--preset", "small", "--small", "ollama/x@http://127.0.0.1:9"
    )
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: no answer from Ollama at http://127.0.0.1:9 ")


@pytest.mark.parametrize("model", ["openai/x@{}/v1", "ollama/x@{}"])
def test_a_server_that_never_replies_is_one_line(
    cope: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = ("--small", model.format(address), "--timeout", "0.05")
        result = cope("ask", QUESTION, "-q", "--preset", "small", *options)
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert "no whole reply within 0.05 s, the limit of --timeout" in result.stderr


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
