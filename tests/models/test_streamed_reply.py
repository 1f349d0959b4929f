"""A chat completion that comes as a stream is read like the whole one, and shown as it comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import dspy
import pytest
from dspy.lm15 import ServerError
from hypothesis import given, strategies as st
from support.api import ask as ask_service, body, streamed_text
from support.fault_server import FaultServer, Reply, faulty
from support.faulty_replies import COUNTS, GOOD, REFUSED, USAGE, api_model, chat, logged
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import Call, metered
from cope.models.current_call import current_call
from cope.models.reply_text import use_text_sink
from cope.models.streamed_reply import read_stream
from cope.serve import Service

TEXT = "So.\nAnswer: 7 \u20ac \U0001f600"


class Shown:
    """Collects the parts of a reply."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1
        self.parts.clear()

    def __call__(self, text: str) -> None:
        self.parts.append(text)


def events(document: dict[str, Any], size: int = 4, end: str = "data: [DONE]\n\n") -> bytes:
    """Return the events by which a server streams a document, `size` characters of text in each."""
    choice, rest = document["choices"][0], {**document, "object": "chat.completion.chunk"}
    usage = rest.pop("usage", None)
    sent: list[dict[str, Any]] = []
    message = choice.get("message") or {}
    for name in ("reasoning_content", "refusal", "content"):
        text = message.get(name) or ""
        for start in range(0, len(text), size):
            sent.append({"index": 0, "delta": {name: text[start : start + size]}})
    for token in (choice.get("logprobs") or {}).get("content") or []:
        sent.append({"index": 0, "delta": {}, "logprobs": {"content": [token]}})
    sent.append({"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]})
    lines = [": a comment\n\n"]
    for part in sent:
        lines.append(f"data: {json.dumps(rest | {'choices': [part], 'usage': None})}\n\n")
    lines.append(f"data: {json.dumps(rest | {'choices': [], 'usage': usage})}\n\n")
    return ("".join(lines) + end).encode()


def streamed(document: dict[str, Any], **more: Any) -> Reply:
    return Reply(events(document, **more), content_type="text/event-stream; charset=utf-8")


def outcome(reply: Reply, shown: Shown | None, **settings: Any) -> tuple[Any, Any]:
    """Return what a call gives or raises, and what the meter counts."""
    with faulty(reply) as server, metered() as meter:
        lm = api_model(server)
        lm.max_retries = 0
        try:
            with use_text_sink(shown):
                given: Any = lm("3 + 4?", **settings)
        except dspy.LMError as error:
            given = type(error), str(error).replace(str(server.server_port), "PORT")
    counted = [(call.prompt_tokens, call.completion_tokens, call.logprob) for call in meter.calls]
    return given, counted


KINDS = {
    "text": chat(TEXT),
    "a thought": chat("Answer: 7", reasoning_content="3 and 4"),
    "cut at the limit": chat("Answer", reason="length"),
    "log-probabilities": logged({"content": [{"token": "7", "logprob": -0.5}]}),
    "damaged log-probabilities": logged({"content": [{"token": "7", "logprob": "low"}]}),
    "empty": chat(""),
    "filtered": chat("Answer: 8", reason="content_filter"),
    "a refusal": chat(None, refusal="I cannot help with that."),
    "an error as the reason": chat("Answer: 8", reason="error"),
    **{
        f"usage: {name}": chat(usage=usage) for name, (usage, _) in COUNTS.items() if name != "none"
    },
}


@sweep("kind", KINDS, every=4)
def test_a_stream_is_read_like_the_whole_reply(kind: str):
    document, shown = KINDS[kind], Shown()
    settings: dict[str, Any] = {"logprobs": True} if "log" in kind else {}
    whole = outcome(Reply(document), None, **settings)
    assert outcome(streamed(document), shown, **settings) == whole
    assert "".join(shown.parts) == (document["choices"][0]["message"]["content"] or "")


@given(text=st.text(min_size=1, max_size=60), size=st.integers(1, 9), cut=st.integers(1, 99))
def test_any_text_is_shown_as_it_is_read(text: str, size: int, cut: int):
    text = text.encode(errors="replace").decode()
    raw, shown = events(chat(text), size=size), Shown()

    async def lines() -> AsyncIterator[bytes]:
        for line in raw.splitlines(keepends=True):
            yield line

    document = asyncio.run(read_stream(lines(), shown))
    assert document["choices"][0]["message"]["content"] == text == "".join(shown.parts)
    assert document["usage"] == USAGE and document["choices"][0]["finish_reason"] == "stop"


PART = events(chat("Answer: 8"))[:300]
BROKEN = {
    "nothing": b"",
    "no end": events(chat("Answer: 8", reason=None), end=""),
    "half": PART[: PART.rindex(b"\n\n") + 2],
    "no JSON": b"data: Answer: 8\n\ndata: [DONE]\n\n",
    "a list": b"data: [8]\n\ndata: [DONE]\n\n",
    "nested too deeply": b"data: " + b"[" * 100_000 + b"\n\n",
    "an error": PART[: PART.rindex(b"\n\n") + 2] + b'data: {"error": {"message": "down"}}\n\n',
    "an error as text": b'data: {"error": "down"}\n\n',
    "only an end": b"data: [DONE]\n\n",
    "choices that are text": b'data: {"choices": "Answer: 8"}\n\ndata: [DONE]\n\n',
    "a choice that is text": b'data: {"choices": ["Answer: 8"]}\n\ndata: [DONE]\n\n',
    "a delta that is text": b'data: {"choices": [{"delta": "8"}]}\n\ndata: [DONE]\n\n',
    "content that is a number": b'data: {"choices": [{"delta": {"content": 8}}]}\n\ndata: [DONE]\n\n',
    "another completion": b'data: {"choices": [{"index": 1, "delta": {"content": "8"}}]}\n\n',
    "an endless event": b"data: " + b"8" * 1_100_000 + b"\n\n",
}


@sweep("kind", BROKEN, every=3)
def test_a_stream_that_is_no_reply_is_a_failed_call_that_is_made_again(
    kind: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    broken, shown = Reply(BROKEN[kind], content_type="text/event-stream"), Shown()
    with faulty(broken, streamed(chat(TEXT))) as server, use_text_sink(shown):
        assert api_model(server)("3 + 4?") == [TEXT]
    assert "".join(shown.parts) == TEXT and shown.begun == 2
    assert [asked.get("stream") for asked in server.bodies] == [True, True]


def test_a_server_without_streams_is_asked_for_the_whole_reply():
    def reply(asked: dict[str, Any]) -> Reply:
        refused = Reply({"error": {"message": "unknown field stream_options"}}, 400)
        return refused if "stream" in asked else GOOD

    with faulty(reply) as server, use_text_sink(Shown()):
        lm = api_model(server)
        assert [lm("3 + 4?"), lm("4 + 3?")] == [["Answer: 7"]] * 2
    assert [asked.get("stream") for asked in server.bodies] == [True, None, None]


def test_a_server_that_sends_the_whole_reply_to_those_who_ask_for_a_stream_is_read():
    with faulty(GOOD) as server, use_text_sink(Shown()):
        assert api_model(server)("3 + 4?") == ["Answer: 7"]
    assert server.bodies[0]["stream_options"] == {"include_usage": True} and len(server.bodies) == 1


def test_a_wrong_request_is_made_once():
    refused = Reply({"error": {"message": "no such format"}}, 400)
    raised = pytest.raises(dspy.LMInvalidRequestError, match="no such")
    with faulty(refused) as server, use_text_sink(Shown()), raised:
        api_model(server)("3 + 4?")
    assert len(server.bodies) == 1


def test_a_refused_request_says_nothing_about_streams():
    with faulty(*REFUSED.values(), streamed(chat())) as server, use_text_sink(Shown()):
        lm = api_model(server)
        lm.max_retries = 0
        while len(server.replies) > 1:
            with pytest.raises(dspy.LMError):
                lm("3 + 4?")
        assert lm("3 + 4?") == ["Answer: 7"] and server.bodies[-1]["stream"]


def test_nobody_is_shown_the_replies_that_nobody_reads():
    with faulty(GOOD) as server:
        api_model(server)("3 + 4?")
    assert "stream" not in server.bodies[0]


def test_a_cancelled_stream_reports_what_came():
    call, shown = Call("large", "m", 1, "reason"), Shown()

    async def lines() -> AsyncIterator[bytes]:
        for word in ("one", "two"):
            yield f'data: {{"choices": [{{"delta": {{"content": "{word}"}}}}]}}\n\n'.encode()
            yield b"\n"
        await asyncio.Event().wait()

    async def cancel() -> None:
        current_call.set(call)
        reading = asyncio.create_task(read_stream(lines(), shown))
        while len(shown.parts) < 2:
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(cancel())
    assert call.completion_tokens == 2


def served(server: FaultServer) -> Service:
    name = f"openai/m@{server.address}/v1"
    return Service(Cascade("small", Team(name, name, cache=False), domain="open"))


@pytest.mark.parametrize("reply", [TEXT, "<think>12?</think>\nFour words, not three"])
def test_a_server_in_front_of_an_api_sends_words_as_they_come(reply: str):
    with faulty(streamed(chat(reply))) as server:
        service = served(server)
        whole = ask_service(service, body()).json()["choices"][0]["message"]["content"]
        response = ask_service(service, body(stream=True))
    assert streamed_text(response) == whole
    deltas = [line for line in response.text.splitlines() if '"content":' in line]
    assert len(deltas) > 2 and server.bodies[-1]["stream"]


def test_an_error_is_not_taken_for_an_answer():
    async def lines() -> AsyncIterator[bytes]:
        yield b"data: 8\n\n"

    with pytest.raises(ServerError, match="no JSON object"):
        asyncio.run(read_stream(lines(), Shown()))
