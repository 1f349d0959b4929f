"""What servers do wrong, and what it counts as: never as an answer, and a number never as a guess."""

from typing import Any

import dspy
import pytest
from support.fault_server import Reply, faulty
from support.faulty_replies import (
    COUNTS,
    GOOD,
    REFUSED,
    RETRIED,
    USAGE,
    api_model,
    ask,
    chat,
    logged,
)
from support.sweeps import sweep

from cope import Team
from cope.errors import Unavailable
from cope.models import Price, metered

FINAL = {
    "a refused key": (Reply({"error": {"message": "no key"}}, 401), Exception),
    "a wrong request": (Reply({"error": {"message": "no stop"}}, 400), dspy.LMInvalidRequestError),
    "no such model": (
        Reply({"error": {"message": "no m", "code": "model_not_found"}}, 404),
        dspy.LMInvalidRequestError,
    ),
    "a long prompt": (
        Reply({"error": {"message": "too long", "code": "context_length_exceeded"}}, 400),
        dspy.ContextWindowExceededError,
    ),
    "a wrong method": (Reply(b"", 405), dspy.LMProviderError),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))


@sweep("fault", RETRIED.values(), ids=RETRIED, every=4)
def test_a_fault_is_a_failed_call_that_is_made_again(fault: Reply):
    with faulty(fault, fault, fault, GOOD) as server:
        asked = api_model(server)
        assert ask(asked)[0] == "Answer: 7" and len(server.bodies) == 4
        server.replies = [fault]
        with metered() as meter, pytest.raises(dspy.LMError):
            asked("3 + 4?")
        assert len(server.bodies) == 8 and not meter.calls


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_a_failed_call_that_is_made_again_once(fault: Reply):
    with faulty(fault, GOOD) as server:
        assert ask(api_model(server))[0] == "Answer: 7"
    with faulty(fault) as server, pytest.raises(dspy.LMError, match="filter or the model refused"):
        api_model(server)("3 + 4?")
    assert len(server.bodies) == 2, "a filter that refuses twice refuses always"


@pytest.mark.parametrize(("fault", "error"), FINAL.values(), ids=FINAL)
def test_a_request_that_cannot_succeed_is_not_made_again(fault: Reply, error: type[Exception]):
    with faulty(fault) as server, pytest.raises(error):
        api_model(server)("3 + 4?")
    assert len(server.bodies) == 1


@pytest.mark.parametrize(("usage", "counts"), COUNTS.values(), ids=COUNTS)
def test_a_number_of_tokens_that_is_none_is_unknown(
    usage: Any, counts: tuple[int | None, int | None]
):
    with faulty(Reply(chat(usage=usage))) as server:
        text, call = ask(api_model(server, Price(1e6, 1e6)))
    assert text == "Answer: 7" and len(server.bodies) == 1
    assert (call.prompt_tokens, call.completion_tokens) == counts
    assert call.usd == (None if None in counts else 34) and call.cached_tokens <= 30


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        7,
        "none",
        {"content": "none"},
        {"content": ["none"]},
        {"content": [{"token": "7", "logprob": "low"}]},
        {"content": [{"token": "7", "logprob": float("-inf")}]},
        {"content": [{"token": "7", "logprob": None}]},
    ],
)
def test_log_probabilities_that_are_none_are_unknown(logprobs: Any):
    with faulty(Reply(logged(logprobs))) as server:
        text, call = ask(api_model(server), logprobs=True)
    assert text == "Answer: 7" and call.logprob is None


def test_odd_bytes_of_a_token_do_not_matter():
    token = {"token": "7", "logprob": -0.5, "bytes": [-1, "x"], "top_logprobs": [None, {}]}
    with faulty(Reply(logged({"content": [token]}))) as server:
        text, call = ask(api_model(server), logprobs=True)
    assert text == "Answer: 7" and call.logprob == -0.5


def test_the_tokens_of_rejected_replies_are_paid_for():
    with faulty(Reply(chat("")), GOOD) as server:
        _, call = ask(api_model(server, Price(1e6, 1e6)))
    assert (call.prompt_tokens, call.completion_tokens, call.usd) == (60, 8, 68)


def test_a_rejected_reply_in_the_cache_is_no_answer(monkeypatch: pytest.MonkeyPatch):
    """Earlier versions kept such replies."""
    with faulty(Reply(chat(""))) as server:
        name = f"openai/m@{server.address}/v1"
        team = Team("local/small", name)
        with monkeypatch.context() as patch:
            unchecked = "cope.models.checked_reply.checked_document"
            patch.setattr(unchecked, lambda document, request: document)
            patch.setattr(team["large"].lm, "max_retries", 0)
            for _ in "ab":
                with pytest.raises(dspy.LMServerError, match="no content"):
                    team["large"].lm("3 + 4?")
        assert len(server.bodies) == 1, "the second is from the cache"
        server.replies = [GOOD]
        assert ask(team["large"].lm)[0] == "Answer: 7" and len(server.bodies) == 2


@pytest.mark.parametrize(
    ("tokens", "is_cut"), [(4096, True), (256, True), (8000, False), (9, False)]
)
def test_a_cut_prompt_has_no_answer(tokens: int, is_cut: bool):
    """Ollama cuts prompts also behind its OpenAI-compatible address."""
    with faulty(Reply(chat(usage=USAGE | {"prompt_tokens": tokens}))) as server:
        asked = api_model(server)
        if is_cut:
            with pytest.raises(dspy.ContextWindowExceededError, match=r"of 6,000 words.* context"):
                asked("word " * 6000)
        else:
            assert asked("word " * 6000) == ["Answer: 7"]
        assert len(server.bodies) == 1


def test_one_of_several_choices_counts():
    document = chat()
    document["choices"].append(chat("Answer: 8")["choices"][0])
    with faulty(Reply(document)) as server:
        assert ask(api_model(server))[0] == "Answer: 7"


def test_a_reply_that_was_cut_at_its_limit_is_no_fault():
    with faulty(Reply(chat("", reason="length"))) as server:
        text, call = ask(api_model(server))
    assert not text and call.truncated and len(server.bodies) == 1


def test_a_pause_longer_than_the_bound_is_an_error_that_says_so():
    fault = Reply(b"", 429, {"Retry-After": "3600"})
    with faulty(fault) as server, pytest.raises(Unavailable, match=r"openai/m asks to wait 60 min"):
        api_model(server)("3 + 4?")
    assert len(server.bodies) == 1
