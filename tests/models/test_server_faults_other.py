"""Faults of servers behind other APIs than the chat API of OpenAI."""

from typing import Any

import pytest
from support.fault_server import Reply, faulty
from support.faulty_replies import (
    COUNTS,
    GOOD,
    HTML,
    REFUSED,
    RETRIED,
    ask,
    chat,
)

from cope import Team
from cope.errors import Unavailable


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))


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
