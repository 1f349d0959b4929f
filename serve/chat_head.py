"""What every reply and every chunk of one chat completion has in common."""

import json
import secrets
import time
from dataclasses import dataclass, field

from ..util.json_types import JsonObject

DONE = "data: [DONE]\n\n"
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
COMMENT = ": waiting\n\n"
"""Keeps a silent stream open, because proxies close those without data."""


def sse(body: JsonObject) -> str:
    """Return a server-sent event."""
    return f"data: {event_json(body)}\n\n"


def event_json(body: JsonObject) -> str:
    r"""Return JSON on one line, also for clients that end lines where Unicode does.

    >>> event_json({"text": "a\u2028b"})
    '{"text": "a\\u2028b"}'
    """
    return json.dumps(body, ensure_ascii=False).translate(_LINE_ENDS)


@dataclass(frozen=True)
class ChatHead:
    """The identity of a chat completion.

    Attributes:
        model: the name under which it was asked.
    """

    model: str
    id: str = field(default_factory=lambda: "chatcmpl-" + secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def body(self, kind: str) -> JsonObject:
        """Return the fields with which a body of a kind begins."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def chunk(self, index: int, delta: JsonObject, finish: str | None = None) -> JsonObject:
        """Return a chunk of a stream with one change of one choice."""
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self.body("chat.completion.chunk") | {"choices": [choice]}

    def usage_chunk(self, usage: JsonObject) -> str:
        """Return the last event of a stream whose client asked for the usage."""
        return sse(self.body("chat.completion.chunk") | {"choices": [], "usage": usage})
