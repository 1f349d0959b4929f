"""A chat completion that a server sends while it writes it, read as one whole reply.

Whoever waits for an answer sees its text at once, and everything else, from the checks of the reply
to the price, sees the chat completion that the same server sends as one document.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from dspy._vendor.lm15.sse import aparse_sse
from dspy._vendor.lm15.transports import TransportRequest
from dspy.lm15 import ServerError

from ..util.json_text import parse_json
from ..util.json_types import JsonObject
from .current_call import report_partial_usage
from .reply_text import TextSink

_END = "[DONE]"
_STREAM = {"stream": True, "stream_options": {"include_usage": True}}
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_CUT_OFF = "the server ended its reply before it was done"
MAX_EVENT_BYTES = 1_000_000


def as_stream(request: TransportRequest) -> TransportRequest:
    """Return a request for a chat completion that asks for it as a stream, with its usage."""
    return replace(request, body=json.dumps(parse_json(request.body) | _STREAM).encode())


def refuses_streams(status: int, body: bytes) -> bool:
    """Return whether an error says that a server knows no streams, or not their options.

    >>> refuses_streams(400, b"unknown field: stream_options"), refuses_streams(400, b"no stop")
    (True, False)
    """
    return status in (400, 404, 405, 415, 422, 501) and b"stream" in body.lower()


@dataclass
class _Parts:
    """What the events of a stream have said so far about its first completion.

    Attributes:
        document: the last value of each key of the events.
        texts: the parts of each text of the message.
        logprobs: those of the tokens.
        reason: why the completion ended; None before its end.
    """

    document: JsonObject = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    logprobs: list[object] = field(default_factory=list)
    reason: str | None = None

    def add(self, event: JsonObject) -> str:
        """Add an event, and return the part of the answer in it."""
        choices = event.pop("choices", None)
        for name, value in event.items():
            if value is not None:
                self.document[name] = value
        if not isinstance(choices, list):
            return ""
        answer = ""
        for choice in choices:
            if isinstance(choice, dict) and not choice.get("index"):
                answer += self._add_choice(choice)
        return answer

    def _add_choice(self, choice: JsonObject) -> str:
        reason, logprobs, delta = map(choice.get, ("finish_reason", "logprobs", "delta"))
        if isinstance(reason, str):
            self.reason = reason
        if isinstance(logprobs, dict) and isinstance(logprobs.get("content"), list):
            self.logprobs += logprobs["content"]
        if not isinstance(delta, dict):
            return ""
        for name in _TEXTS:
            if isinstance(delta.get(name), str):
                self.texts.setdefault(name, []).append(delta[name])
        content = delta.get("content")
        return content if isinstance(content, str) else ""

    @property
    def tokens(self) -> int:
        """About how many tokens came: servers send one or a few in an event."""
        return max(map(len, self.texts.values()), default=0)

    def whole(self) -> JsonObject:
        """Return the chat completion that a server sends as one document."""
        message: JsonObject = {"role": "assistant"}
        for name, parts in self.texts.items():
            message[name] = "".join(parts)
        choice: JsonObject = {"index": 0, "message": message, "finish_reason": self.reason}
        if self.logprobs:
            choice["logprobs"] = {"content": self.logprobs}
        return self.document | {"object": "chat.completion", "choices": [choice]}


async def read_stream(lines: AsyncIterator[bytes], sink: TextSink) -> JsonObject:
    """Read the events of a chat completion, and return the completion as one document.

    Args:
        lines: of the reply's body.
        sink: receives the text of the answer as it comes.

    Raises:
        dspy.lm15.ServerError: for events that are no JSON, and a stream that ends too early.
    """
    parts, ended = _Parts(), False
    try:
        async for event in aparse_sse(
            lines, max_line_bytes=MAX_EVENT_BYTES, max_event_bytes=MAX_EVENT_BYTES
        ):
            if event.data.strip() == _END:
                ended = True
                break
            text = parts.add(_document(event.data))
            if text:
                sink(text)
    except asyncio.CancelledError:  # the connection closes, and with it the server's work
        report_partial_usage(0, parts.tokens)
        raise
    if parts.reason is None and "error" not in parts.document:
        if not ended:
            raise ServerError(_CUT_OFF)
        parts.reason = "stop"
    return parts.whole()


def _document(data: str) -> JsonObject:
    try:
        document = parse_json(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ServerError("an event of the reply is no JSON object")
    return document
