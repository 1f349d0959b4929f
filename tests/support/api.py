"""Ask a served cascade without a socket, and run a server on one."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import uvicorn

from cope.serve import Access, ServeOptions, Service, make_app

CHAT = "/v1/chat/completions"


def client(service: Service, access: Access | None = None, **options: Any) -> httpx.AsyncClient:
    """Return a client whose requests reach the application directly."""
    app = make_app(service, ServeOptions(**options), access, log=lambda line: None)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://cope")


def body(text: str = "What is 6 times 7?", **fields: Any) -> dict[str, Any]:
    """Return the body of a chat request."""
    return {"model": "cope", "messages": [{"role": "user", "content": text}], **fields}


def ask(
    service: Service, request: dict[str, Any], path: str = CHAT, **options: Any
) -> httpx.Response:
    """Send one request and return the response."""

    async def send() -> httpx.Response:
        async with client(service, **options) as http:
            return await http.post(path, json=request)

    return asyncio.run(send())


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the chunks of a stream, which must end as the API says."""
    lines = [line for line in response.text.split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def streamed_text(response: httpx.Response) -> str:
    """Return the text of a stream's only choice."""
    deltas = [part["choices"][0]["delta"] for part in chunks(response) if part.get("choices")]
    return "".join(delta.get("content") or "" for delta in deltas)


@asynccontextmanager
async def running(
    service: Service, access: Access | None = None, **options: Any
) -> AsyncIterator[str]:
    """Run a server on a free port, and give its address without a path."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = make_app(service, ServeOptions(**options), access, log=lambda line: None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@contextmanager
def served(service: Service, **options: Any) -> Iterator[str]:
    """Run a server in a thread, for clients that block, and give its address without a path."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = make_app(service, ServeOptions(**options), log=lambda line: None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
