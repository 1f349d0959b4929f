"""Stub servers, each in a thread of its own."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class LocalServer(ThreadingHTTPServer):
    """Takes many connections at once; with a short queue some wait a second to try again."""

    daemon_threads = True
    request_queue_size = 512


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve inside, and close the server and its thread afterwards."""
    with server as running:
        thread = threading.Thread(
            target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()
