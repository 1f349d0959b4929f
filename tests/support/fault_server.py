"""A server whose replies fail in every way that a test can write down."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.servers import LocalServer, serving


@dataclass(frozen=True)
class Reply:
    """One reply.

    Attributes:
        body: bytes, or what JSON is made of.
        status: the HTTP status.
        headers: more headers.
        content_type: None for no such header.
        missing: bytes of the body that are announced and never sent.
        raw: bytes in place of an HTTP reply.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = "application/json"
    missing: int = 0
    raw: bytes | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answering = Callable[[dict[str, Any]], Reply]
"""Makes the reply to a request from its body."""


class FaultServer(LocalServer):
    """Gives the replies in turn, and the last one forever, to requests of any path."""

    def __init__(self, replies: "list[Reply | Answering]") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = list(replies)
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes its connection is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self._reply(body)

    def do_GET(self) -> None:
        self._reply({})

    def _reply(self, body: dict[str, Any]) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if not isinstance(reply, Reply):
            reply = reply(body)
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            return
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.content) + reply.missing))
        self.end_headers()
        self.wfile.write(reply.content)


@contextmanager
def faulty(*replies: "Reply | Answering") -> Iterator[FaultServer]:
    """Run a server with these replies."""
    with serving(FaultServer(list(replies))) as running:
        yield running


CHAT_REPLY = {
    "id": "1",
    "object": "chat.completion",
    "created": 0,
    "model": "stub",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "So.\nAnswer: 42"},
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
}
"""The answer 42 of a chat completion."""
