"""The text of a streamed answer: it equals the whole reply, whatever the reply hides."""

from typing import Any

import pytest
from dspy.lm15 import TransportError
from support.api import ask, body, streamed_text
from support.retries import note_pauses

from cope import Cascade, Team
from cope.answers.json_stream import JsonStart
from cope.answers.json_text import json_in_reply
from cope.answers.reply.cleaning import whole_visible_text
from cope.answers.reply.growing import GrowingReply
from cope.models import ScriptedEngine
from cope.models.reply_text import text_sink
from cope.serve import Service
from cope.serve.errors import ApiError
from cope.serve.text_stream import TextStream

REPLIES = [
    "<think>12? No.</think>\nThe answer is 15.</s>Question: 7 * 14?",
    "[THINK]a[/THINK] b < c and d[0] > 1",
    "\u25c1think\u25b7x\u25c1/think\u25b7yes",
    "<think>it never ends",
    "Look: `a<b`, [a link](x)\n```py\nx = [1, {2: 3}]\n```\nend",
    "Do this.\nAction: look\nAction Input: there",
    "Intro\nAction: it is no call\nA cat",
    '{"name": "look", "arguments": {"a": 1}}',
    "{no call} " + "word " * 400,
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi you",
    "before ```tool_call\nlook()\n``` after",
    "x <tool_call>look()</tool_call> y",
    "\u200bzero\u200b width\r\nand lines\r\n",
    "word " * 5_000,
    " \n ",
]


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("reply", REPLIES)
def test_what_is_shown_of_a_growing_reply_begins_the_whole_text(reply: str, size: int) -> None:
    if len(reply) > 1_000 and size == 1:
        return
    growing, whole = GrowingReply(), whole_visible_text(reply)
    for start in range(0, len(reply), size):
        assert whole.startswith(growing.add(reply[start : start + size]))


JSON = [
    '{"a": 1}',
    ' {"a\\"}": [1, {"b": "]}"}]}  and {"c": 2}',
    '{"\\\\": "\\\\\\""} "',
    "[1, 2] and [3]",
    '[note] {"a": 1}',
    'first {"a": 1}',
    '{"a": 1}\n```json\n{"b": 2}\n```',
    '```json\n{"b": 2}\n```',
]


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("reply", JSON)
def test_the_streamed_json_is_the_whole_reply_or_nothing(reply: str, size: int) -> None:
    start = JsonStart()
    parts = [start.add(reply[place : place + size]) for place in range(0, len(reply), size)]
    assert "".join(parts) in ("", json_in_reply(reply))
    assert bool("".join(parts)) == (reply.lstrip()[0] in "{[" and reply[:2] != "[n")


@pytest.mark.parametrize("reply", [reply for reply in REPLIES if whole_visible_text(reply)])
def test_a_streamed_answer_equals_the_whole_one(reply: str) -> None:
    engine = ScriptedEngine(lambda messages, request: reply)
    service = Service(Cascade("small", Team(engine, engine, cache=False), domain="open"))
    whole = ask(service, body()).json()["choices"][0]["message"]["content"]
    assert streamed_text(ask(service, body(stream=True))) == whole == whole_visible_text(reply)


@pytest.mark.parametrize(
    ("second", "rest"), [("four words, not three", " words, not three"), ("other words", None)]
)
def test_a_reply_that_is_written_anew_is_not_sent_twice(second: str, rest: str | None) -> None:
    stream = TextStream()
    assert stream.add("four ") == "four" and stream.add("wo") == " wo"
    assert stream.add("", anew=True) + stream.add(second) == ("rds, not three" if rest else "")
    if rest:
        assert stream.finish(second) == ""
    else:
        with pytest.raises(ApiError) as error:
            stream.finish(second)
        assert error.value.code == "answer_changed"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_an_event_is_one_line_whatever_ends_lines(path: str) -> None:
    engine = ScriptedEngine(lambda messages, request: "a\u2028b\u2029c\x85d\x0be")
    service = Service(Cascade("small", Team(engine, engine, cache=False), domain="open"))
    request = body("Say a\u2028b.", input="Say a\u2028b.", metadata={"a": "\x85\u2029"})
    response = ask(service, request | {"stream": True}, path)
    assert response.status_code == 200
    for line in response.text.splitlines():
        assert not line or line.startswith(("data: ", "event: ")), line


class BreakingEngine(ScriptedEngine):
    """Breaks off its first reply after a part of it."""

    async def agenerate(self, request: Any) -> Any:
        sink = text_sink()
        if not self.requests and sink is not None:
            self.requests.append(request)
            sink("one tw")
            raise TransportError("the connection broke")
        return await super().agenerate(request)


@pytest.mark.parametrize("reply", ["one two three", "two"])
def test_a_call_that_is_made_again_gives_one_answer(
    reply: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = note_pauses(monkeypatch)
    engine = BreakingEngine(lambda messages, request: reply)
    service = Service(Cascade("small", Team(engine, engine, cache=False), domain="open"))
    response = ask(service, body(stream=True))
    assert len(engine.requests) == 2 and len(pauses) == 1
    if reply.startswith("one"):
        assert streamed_text(response) == reply
    else:
        assert '"code": "answer_changed"' in response.text
