"""A server that speaks as much of Ollama's /api/chat and /api/tags as the engine needs."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from support.servers import LocalServer, serving

Part = dict[str, Any] | bytes | Callable[[], Any]


def _piece(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}, "done": False}


_END: Part = {
    **_piece(""),
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 20,
    "eval_count": 3,
}


class StubServer(LocalServer):
    """Answers with `replies` in turn, the last one for ever: a list of parts, or a status and an error.

    A part of bytes is sent as it is. One that is a function is called where the stream has come to it: it may wait, or
    end the connection by an error.
    `left` is set once a client has gone away in the middle.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[list[Part] | tuple[int, str]] = [
            [*map(_piece, ("Answer: ", "42")), _END]
        ]
        self.models: list[dict[str, Any]] = []  # what it lists
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.left = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes its connection is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second write of a reply would wait for the client
    server: StubServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        found = json.dumps({"models": self.server.models}).encode()
        self.send_response(200 if self.path == "/api/tags" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.paths.append(self.path)
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, tuple):
            return self._error(*reply)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in reply:
                if callable(part):
                    part()
                elif isinstance(part, bytes):
                    self._chunk(part)
                else:
                    self._chunk(json.dumps({"model": "m", **part}).encode() + b"\n")
            self._chunk(b"")
        except ConnectionError:
            self.close_connection = True
            self.server.left.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _error(self, status: int, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def ollama_server() -> Iterator[StubServer]:
    with serving(StubServer()) as running:
        yield running
