"""Bodies that are refused before a request is read, without a socket."""

import asyncio
from typing import Any

import httpx
import pytest

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import ServeOptions, Service, make_app

CHAT = "/v1/chat/completions"


def make(**options: Any) -> Any:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    return make_app(service, ServeOptions(**options), log=lambda line: None)


def status_of(parts: list[bytes], **options: Any) -> int:
    """Return the status of a request whose body comes in parts and then stops."""
    sent: list[Any] = []

    async def run() -> None:
        waiting = iter(parts)

        async def receive() -> Any:
            part = next(waiting, None)
            if part is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": part, "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": CHAT, "headers": [], "query_string": b""}
        await make(**options)(scope | {"http_version": "1.1", "root_path": ""}, receive, send)

    asyncio.run(run())
    return sent[0]["status"]


def test_a_body_that_does_not_end_is_refused() -> None:
    assert status_of([b'{"model"'], patience=0.02) == 408


def test_a_body_without_a_length_is_refused_when_it_is_too_large() -> None:
    assert status_of([b"x" * 600] * 2, max_body=1000) == 413


@pytest.mark.parametrize(
    "field", ['"messages": [{"role": "user", "content": "\\ud800"}]', '"input": "\\udfff"']
)
def test_half_a_character_is_refused(field: str) -> None:
    path = CHAT if "messages" in field else "/v1/responses"

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(make(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            headers = {"Content-Type": "application/json"}
            content = '{"model": "cope", ' + field + "}"
            return await http.post(path, content=content, headers=headers)

    reply = asyncio.run(send())
    assert reply.status_code == 400 and "surrogate" in reply.json()["error"]["message"]
