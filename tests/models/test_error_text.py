"""What an error says in one line, whatever library raised it."""

import dspy
import pytest

from cope.errors import CopeError, Unavailable
from cope.models.error_text import describe_error


def wrapped(outer: Exception, inner: Exception) -> Exception:
    try:
        raise outer from inner
    except Exception as error:
        return error


def test_an_error_of_ours_inside_a_library_s_is_the_one_that_is_read() -> None:
    inner = wrapped(RuntimeError("between"), Unavailable("start the server"))
    assert (
        describe_error(wrapped(dspy.LMUnexpectedError("odd", model="ollama/x"), inner))
        == "start the server"
    )
    assert (
        describe_error(ExceptionGroup("several", [CopeError("the first one")])) == "the first one"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (dspy.LMAuthError("bad key", model="openai/m"), "openai/m: the key was refused"),
        (dspy.LMRateLimitError("slow down", model="openai/m"), "--in-flight TIER=N (slow down)"),
        (dspy.LMUnsupportedModelError("none", model="openai/m"), "no such model: check the name"),
        (dspy.LMTransportError("refused", model="openai/m"), "no connection to the server"),
        (
            dspy.LMTransportError("start it with `ollama serve`.", model="ollama/m"),
            "start it with `ollama serve`",
        ),
        (
            dspy.ContextWindowExceededError(message="too long", model="local/m"),
            "too long (--context N)",
        ),
        (
            dspy.ContextWindowExceededError(message="too long\nTo fix: ...", model="openai/m"),
            "shorten it",
        ),
        (
            dspy.LMInvalidRequestError("LLM Provider NOT provided. Read", model="foo/m"),
            "no provider is named 'foo'",
        ),
        (OSError(28, "No space left on device", "/x"), "No space left on device (/x): make room"),
    ],
)
def test_failures_say_in_a_line_what_to_do(error: Exception, said: str) -> None:
    line = describe_error(error)
    assert line is not None and said in line and "\n" not in line and "To fix" not in line


def test_a_missing_key_is_named() -> None:
    error = dspy.LMNotConfiguredError("no credentials", model="openai/m")
    vars(error)["env_keys"] = ("OPENAI_API_KEY",)
    assert describe_error(error) == "openai/m needs a key: set OPENAI_API_KEY in the environment"


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), OSError("odd")])
def test_an_error_that_nobody_expected_is_not_described(error: Exception) -> None:
    assert describe_error(error) is None
