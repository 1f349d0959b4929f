"""A server that is told to stop drains, then cancels, and ends as a success."""

import asyncio
import os
import signal
import socket
import threading
from typing import Any

import httpx
import pytest
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import ServeOptions, Service, run_server

BODY = {"model": "cope", "messages": [{"role": "user", "content": "Hi"}]}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals need a main thread"
)
@sweep(("grace", "statuses"), [(60.0, [200, 503]), (0.2, [503, 503])], every=2)
def test_sigterm_lets_running_requests_end_or_cancels_them(
    grace: float, statuses: list[int | None]
) -> None:
    began, release = threading.Event(), threading.Event()

    async def wait(messages: Any, request: Any) -> str:
        began.set()
        while not release.is_set():
            await asyncio.sleep(0.01)
        return "Answer: 42"

    engine = ScriptedEngine(wait)
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    address = f"http://127.0.0.1:{(port := free_port())}"
    heard: list[int | None] = []
    said: list[str] = []

    def send(http: httpx.Client) -> int | None:
        try:
            return http.post("/v1/chat/completions", json=BODY).status_code
        except httpx.TransportError:
            return None

    def clients() -> None:
        transport = httpx.HTTPTransport(retries=50)  # until the server listens
        with httpx.Client(base_url=address, transport=transport, timeout=60) as http:
            first = threading.Thread(target=lambda: heard.append(send(http)))
            first.start()
            began.wait(60)
            os.kill(os.getpid(), signal.SIGTERM)
            while http.get("/readyz").status_code != 503:
                pass
            refused = http.post("/v1/chat/completions", json=BODY)
            assert refused.headers["retry-after"] and refused.headers["x-request-id"]
            heard.append(refused.status_code)
            if grace > 1:
                release.set()
            first.join(60)

    asking = threading.Thread(target=clients)
    asking.start()
    run_server(service, ServeOptions(port=port, grace=grace), None, said.append)
    release.set()
    asking.join(60)
    assert sorted(heard, key=str) == sorted(statuses, key=str)
    assert said[-1] == "stopped"
