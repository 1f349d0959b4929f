"""A server of chat completions that counts what it answers, and can hold requests back."""

import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.batch_api import answered_line
from support.servers import LocalServer


class CountingServer(LocalServer):
    """Answers chat completions, and counts those whose client was there to take the answer.

    Attributes:
        asked: the number of requests.
        answered: the number of requests whose client got an answer.
        aborted: the number of requests whose client was gone.
        hold_after: requests after so many wait for `release`; None holds none.
    """

    def __init__(self, reply: Callable[[dict[str, Any], int], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.asked = self.answered = self.aborted = 0
        self.hold_after: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def held(self) -> int:
        """The number of requests that wait."""
        return self.asked - self.answered - self.aborted

    def begin(self, hold_after: int | None = None) -> None:
        """Count from zero."""
        self.asked = self.answered = self.aborted = 0
        self.hold_after = hold_after
        self.released.clear()

    def release(self) -> None:
        """Let all requests go on."""
        self.hold_after = None
        self.released.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second write of a reply would wait for the client
    server: CountingServer

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.asked += 1
            number = server.asked
            waits = server.hold_after is not None and number > server.hold_after
        if waits:
            server.released.wait()
        is_gone = _is_closed(self.connection)
        with server.lock:
            server.aborted += is_gone
            server.answered += not is_gone
        if is_gone:
            self.close_connection = True
            return
        line = {"custom_id": "x", "body": body}
        answered = answered_line(line, lambda asked: server.reply(asked, number))
        data = json.dumps(answered["response"]["body"]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the other side of a connection is gone."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def number_or_guess(body: dict[str, Any], number: int) -> str:
    """Answer `What is N?` with N; a model named small guesses at every third one."""
    asked = int(re.findall(r"What is (\d+)", body["messages"][-1]["content"])[0])
    unsure = body["model"] == "small" and asked % 3 == 0
    return f"so\nAnswer: {number + 1000 if unsure else asked}"
