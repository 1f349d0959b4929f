"""`cope ask` with what a user can get wrong, and with servers that do not answer."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from dspy.lm15 import ContextLengthError
from support.ask_replies import QUESTION, sure

from cope.errors import CopeError


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
