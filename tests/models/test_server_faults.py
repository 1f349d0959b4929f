"""What servers do wrong, and what it counts as: never as an answer, and a number never as a guess."""

from typing import Any

import dspy
import pytest
from support.fault_server import FaultServer, Reply, faulty

from cope import Team
from cope.errors import Unavailable
from cope.models import Call, Price, metered
from cope.models.lm import TierLM

HTML = b"<html><body>Sign in to the network</body></html>"
USAGE = {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}
DEEP = b"[" * 100_000


def chat(
    content: Any = "Answer: 7", *, usage: Any = USAGE, reason: Any = "stop", **more: Any
) -> Any:
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return {
        "id": "1",
        "object": "chat.completion",
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def logged(logprobs: Any) -> Any:
    document = chat()
    document["choices"][0]["logprobs"] = logprobs
    return document


GOOD = Reply(chat())

RETRIED = {
    "empty body": Reply(b""),
    "HTML": Reply(HTML, content_type="text/html"),
    "HTML that says it is JSON": Reply(HTML),
    "plain text": Reply(b"Answer: 8", content_type="text/plain"),
    "events": Reply(b'data: {"choices": []}\n\n', content_type="text/event-stream"),
    "a reply that says it is events": Reply(chat(7), content_type="text/event-stream"),
    "half a JSON": Reply(b'{"choices": [{"message": {"content": "Answer: 8"'),
    "a truncated body": Reply(chat("Answer: 8"), missing=50),
    "no UTF-8": Reply(b'{"choices": "\xff\xfe"}'),
    "nested too deeply": Reply(DEEP),
    "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "a closed connection": Reply(raw=b""),
    "a redirect": Reply({}, 302, {"Location": "http://127.0.0.1:9/"}),
    "not modified": Reply(b"", 304),
    "no content": Reply(b"", 204),
    "a list": Reply([chat("Answer: 8")]),
    "a string": Reply("Answer: 8"),
    "null": Reply(b"null"),
    "a number": Reply(b"8"),
    "another object": Reply({"answer": "8"}),
    "no choices": Reply({"choices": []}),
    "null choices": Reply({"choices": None}),
    "choices that are text": Reply({"choices": "Answer: 8"}),
    "choices that are an object": Reply({"choices": {"message": {"content": "8"}}}),
    "a choice that is text": Reply({"choices": ["Answer: 8"]}),
    "a choice without a message": Reply({"choices": [{"finish_reason": "stop"}]}),
    "a message that is text": Reply({"choices": [{"message": "Answer: 8"}]}),
    "null content": Reply(chat(None)),
    "empty content": Reply(chat("")),
    "content that is a number": Reply(chat(8)),
    "content that is an object": Reply(chat({"text": "Answer: 8"})),
    "parts without text": Reply(chat([{"type": "text", "text": {"value": "8"}}])),
    "parts that are text": Reply(chat(["Answer: 8"])),
    "no parts": Reply(chat([])),
    "an error as text": Reply({"error": "overloaded"}),
    "an error as an object": Reply({"error": {"message": "overloaded", "code": 503}}),
    "an error beside choices": Reply({**chat("Answer: 8"), "error": {"message": "broke off"}}),
    "an error as the reason": Reply(chat("Answer: 8", reason="error")),
    "too many requests": Reply({"error": {"message": "slow down"}}, 429),
    "a conflict": Reply(b"", 409),
    "too early": Reply(b"", 425),
    "a server error": Reply(b"", 500),
    "a bad gateway": Reply(HTML, 502, content_type="text/html"),
    "an unavailable service": Reply(b"", 503),
    "a gateway's timeout": Reply(HTML, 504),
    "an unknown server error": Reply(b"", 599),
}

REFUSED = {
    "filtered": Reply(chat("Answer: 8", reason="content_filter")),
    "filtered without content": Reply(chat(None, reason="content_filter")),
    "a refusal": Reply(chat(None, refusal="I cannot help with that.")),
    "a filtered prompt": Reply(
        {"error": {"code": "content_filter", "message": "The response was filtered"}}, 400
    ),
    "a policy": Reply({"error": {"code": "content_policy_violation", "message": "rejected"}}, 400),
    "a policy in words": Reply(
        {"error": {"message": "triggering Azure OpenAI's content management policy"}}, 400
    ),
    "moderation": Reply({"error": {"code": 403, "message": "Your input was flagged"}}, 403),
}

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

# The tokens of prompt and completion that count.
COUNTS: dict[str, tuple[Any, tuple[int | None, int | None]]] = {
    "both": (USAGE, (30, 4)),
    "none": ({}, (None, None)),
    "null": (None, (None, None)),
    "text": ("many", (None, None)),
    "a list": ([30, 4], (None, None)),
    "text counts": ({"prompt_tokens": "30", "completion_tokens": 4}, (None, 4)),
    "words": ({"prompt_tokens": 30, "completion_tokens": "four"}, (30, None)),
    "negative": ({"prompt_tokens": -30, "completion_tokens": -1}, (None, None)),
    "zero": ({"prompt_tokens": 0, "completion_tokens": 0}, (None, None)),
    "fractions": ({"prompt_tokens": 30.5, "completion_tokens": 4.0}, (None, None)),
    "absurd": ({"prompt_tokens": 10**15, "completion_tokens": 10**30}, (None, None)),
    "truth": ({"prompt_tokens": True, "completion_tokens": False}, (None, None)),
    "objects": ({"prompt_tokens": {"n": 30}, "completion_tokens": [4]}, (None, None)),
    "no number": ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (None, None)),
    "a wrong sum": (USAGE | {"total_tokens": "34"}, (30, 4)),
    "details as text": (USAGE | {"prompt_tokens_details": "20 cached"}, (30, 4)),
    "a list of details": (USAGE | {"prompt_tokens_details": [{"cached_tokens": 20}]}, (30, 4)),
    "text in details": (USAGE | {"prompt_tokens_details": {"cached_tokens": "20"}}, (30, 4)),
    "more in the cache": (USAGE | {"prompt_tokens_details": {"cached_tokens": 99}}, (30, 4)),
}


def claude(content: Any = ({"type": "text", "text": "Answer: 7"},), **more: Any) -> Reply:
    """A reply of Anthropic's."""
    usage = {"input_tokens": 30, "output_tokens": 4}
    document = {"type": "message", "role": "assistant", "model": "m", "content": content}
    return Reply({**document, "stop_reason": "end_turn", "usage": usage, **more})


def gemini(parts: Any = ({"text": "Answer: 7"},), reason: str = "STOP", **more: Any) -> Reply:
    """A reply of Gemini's."""
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": reason}
    usage = {"promptTokenCount": 30, "candidatesTokenCount": 4}
    return Reply({"candidates": [candidate], "usageMetadata": usage, **more})


OTHER_APIS = {
    "anthropic": (
        claude(),
        [
            claude(stop_reason="refusal"),
            claude([], stop_reason="refusal"),
            claude([]),
            claude(None),
            claude("Answer: 8"),
            Reply({"answer": "8"}),
            Reply({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
            Reply({"type": "error", "error": {"type": "overloaded_error", "message": ""}}, 529),
            Reply(HTML),
        ],
        claude(usage={"input_tokens": "30", "output_tokens": -1}),
    ),
    "gemini": (
        gemini(),
        [
            gemini(reason="SAFETY"),
            gemini([], "RECITATION"),
            gemini([]),
            gemini("Answer: 8"),
            Reply({"promptFeedback": {"blockReason": "SAFETY"}}),
            Reply({"candidates": None}),
            Reply({}),
            Reply(HTML),
        ],
        gemini(usageMetadata={"promptTokenCount": "30", "candidatesTokenCount": -4}),
    ),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))


def api_model(server: FaultServer, price: Price | None = None) -> TierLM:
    name = f"openai/m@{server.address}/v1"
    prices = {"large": price} if price else {}
    return Team("local/small", name, prices=prices, cache=False)["large"].lm


def ask(lm: TierLM, **settings: Any) -> tuple[str, Call]:
    with metered() as meter:
        (output,) = lm("3 + 4?", **settings)
    (call,) = meter.calls
    return output if isinstance(output, str) else output["text"], call


@pytest.mark.parametrize("fault", RETRIED.values(), ids=RETRIED)
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
            patch.setattr("cope.models.api_transport.checked_body", lambda body, request: body)
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


@pytest.mark.parametrize(("good", "faults", "uncounted"), OTHER_APIS.values(), ids=OTHER_APIS)
def test_replies_of_other_apis(
    good: Reply, faults: list[Reply], uncounted: Reply, request: pytest.FixtureRequest
):
    provider = request.node.callspec.id
    with faulty(good) as server:
        asked = Team("local/small", f"{provider}/m@{server.address}", cache=False)["large"].lm
        for fault in faults:
            server.replies = [fault, good]
            assert ask(asked)[0] == "Answer: 7" and len(server.replies) == 1, fault
        server.replies = [uncounted]
        text, call = ask(asked)
        assert (text, call.prompt_tokens, call.completion_tokens) == ("Answer: 7", None, None)


# LiteLLM has its own idea of these: it stops for an error in a reply, and needs numbers as tokens.
NOT_OF_LITELLM = {"an error as text", "an error beside choices", "an error as the reason"}


@pytest.mark.slow
def test_apis_behind_litellm(monkeypatch: pytest.MonkeyPatch):
    with faulty(GOOD) as server:
        name = f"together_ai/m@{server.address}/v1"
        asked = Team("local/small", name, cache=False)["large"].lm
        for kind, fault in (RETRIED | REFUSED).items():
            if kind not in NOT_OF_LITELLM:
                server.replies = [fault, GOOD]
                assert ask(asked)[0] == "Answer: 7" and len(server.replies) == 1, kind
        for kind in ("both", "none", "null", "negative", "zero", "absurd", "a wrong sum"):
            usage, counts = COUNTS[kind]
            server.replies = [Reply(chat(usage=usage))]
            _, call = ask(asked)
            assert (call.prompt_tokens, call.completion_tokens) == counts, kind
        server.replies = [Reply(b"", 429, {"Retry-After": "3600"})]
        with pytest.raises(Unavailable):
            asked("3 + 4?")
        for variable in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, "http://127.0.0.1:9")
        server.replies = [GOOD]
        asked = Team("local/small", name, cache=False)["large"].lm
        assert ask(asked)[0] == "Answer: 7"
