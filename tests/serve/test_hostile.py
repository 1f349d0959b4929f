"""Requests that mean harm, over real sockets: they are refused, and the server lives."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import ServeOptions, Service, make_app
from cope.serve.run import make_server

CHAT = "/v1/chat/completions"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def chat(text: str = "Hi", **fields: Any) -> dict[str, Any]:
    return {"model": "cope", "messages": [{"role": "user", "content": text}], **fields}


def head(length: int | str, *more: str) -> bytes:
    lines = [f"POST {CHAT} HTTP/1.1", "Host: cope", "Content-Type: application/json", *more]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


class Running:
    """A server that runs on this event loop."""

    def __init__(self, app: Any, port: int, log: list[dict[str, Any]]) -> None:
        self.app, self.port, self.log = app, port, log

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *parts: bytes) -> int | None:
        """Send bytes, and return the status of the reply; None when the connection is closed."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.001)  # so that the server reads each part alone
            line = await reader.readline()
        except ConnectionError:
            return None
        finally:
            writer.close()
        return int(line.split()[1]) if line else None

    async def lives(self) -> None:
        """Check that another request is answered, and that nothing runs on."""
        body = json.dumps(chat()).encode()
        assert await self.send(head(len(body)) + body) == 200
        async with asyncio.timeout(30):
            while self.app.state.places.running:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(script: Any = None, **options: Any) -> AsyncIterator[Running]:
    engine = ScriptedEngine(script or (lambda messages, request: "Answer: 42"))
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    log: list[dict[str, Any]] = []
    settings = ServeOptions(patience=0.3, **options)
    app = make_app(service, settings, log=log.append)
    listener = socket.create_server(("127.0.0.1", 0))
    server = make_server(app, settings)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    yield Running(app, listener.getsockname()[1], log)
    server.should_exit = True
    await serving


def against(attack: Callable[[Running], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with running(**options) as server:
            await attack(server)
            await server.lives()

    asyncio.run(run())


pytestmark = pytest.mark.slow  # a server that listens, for each test

HEADERS = [f"X-{n}: {'a' * 20}" for n in range(10_000)]
BODY = json.dumps(chat()).encode()


@pytest.mark.parametrize(
    ("parts", "statuses"),
    [
        pytest.param([b"\x16\x03\x01 no HTTP \r\n\r\n"], {400, None}, id="TLS on a plain port"),
        pytest.param([b"GET / HTTP/1.1\r\n"], {None, 400}, id="half a head"),
        pytest.param([head(5000), b'{"model"'], {408, None}, id="half a body"),
        pytest.param([head(len(BODY), *HEADERS), BODY], {400, 431, None}, id="10,000 headers"),
        pytest.param(
            [head(len(BODY), "X: " + "a" * 10**6), BODY], {400, 431, None}, id="1 MB header"
        ),
        pytest.param([head(10**8), b"x" * 10**6], {413}, id="100 MB, announced"),
        pytest.param([head(-5), BODY], {400}, id="negative length"),
        pytest.param([head("9" * 30), BODY], {400, 413}, id="length of 30 digits"),
        pytest.param(
            [head(len(BODY), f"Content-Length: {len(BODY) + 1}"), BODY], {400}, id="two lengths"
        ),
    ],
)
def test_a_request_that_is_wrong_is_refused(parts: list[bytes], statuses: set[int | None]) -> None:
    async def attack(server: Running) -> None:
        async with asyncio.timeout(30):
            assert await server.send(*parts) in statuses

    against(attack)


@pytest.mark.parametrize("cut", [1, 30, 60, len(head(9)) - 1, len(head(9))])
@pytest.mark.parametrize("length", [1, 10**5])
def test_a_request_may_come_in_two_parts(cut: int, length: int) -> None:
    body = json.dumps(chat("x" * length)).encode()
    sent = head(len(body)) + body

    async def attack(server: Running) -> None:
        assert await server.send(sent[:cut], sent[cut:]) == 200

    against(attack)


def test_a_body_without_a_length_is_refused_once_it_is_too_large() -> None:
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    sent = 0

    async def attack(server: Running) -> None:
        nonlocal sent
        reader, writer = await server.connect()
        lines = [f"POST {CHAT} HTTP/1.1", "Host: cope", "Transfer-Encoding: chunked", "", ""]
        writer.write("\r\n".join(lines).encode())
        refused = asyncio.create_task(reader.readline())
        try:
            while not refused.done() and sent < 10**8:
                writer.write(chunk)
                sent += len(chunk)
                await writer.drain()
                await asyncio.sleep(0)
            assert b" 413 " in await refused
        except ConnectionError:
            pass
        writer.close()

    against(attack)
    assert sent < 5 * 10**7


def test_many_slow_clients_keep_nobody_from_an_answer() -> None:
    async def attack(server: Running) -> None:
        slow = [await server.connect() for _ in range(100)]
        for number, (_, writer) in enumerate(slow):
            writer.write(head(100)[: 20 + number] if number % 2 else head(100) + b"{")
        await server.lives()  # while they wait
        async with asyncio.timeout(30):
            ends = await asyncio.gather(*(reader.read() for reader, _ in slow))
        assert all(b" 408 " in end or not end for end in ends)

    against(attack)


ODD: list[Any] = [
    None,
    [],
    "text",
    {},
    {"model": None},
    chat() | {"messages": {}},
    chat() | {"messages": [None]},
    chat() | {"messages": [[]]},
    chat() | {"messages": [{"role": "user", "content": {"a": 1}}]},
    chat() | {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
    chat() | {"model": "\ud800"},
    chat("\ud800 lone surrogate"),
    chat("\x00\x1b[31m"),
    chat(n=10**30),
    chat(seed=10**400),
    chat(temperature="hot"),
    chat(max_tokens=-1),
    chat(stop=[["x"]]),
    chat(stop=[""] * 1000),
    chat(stream="yes"),
    chat(stream_options={"include_usage": 7}),
    chat(response_format={"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}),
    chat(tools=[{}]),
    chat(tools="all"),
    chat(logprobs=[]),
    {"model": "cope", "input": [[[[]]]]},
]


@pytest.mark.parametrize("path", [CHAT, "/v1/responses"])
def test_odd_bodies_are_answered_or_refused(path: str) -> None:
    texts = [json.dumps(body) for body in ODD]
    texts += [
        "",
        "{",
        "NaN",
        "[" * 100_000,
        '{"a":' * 50_000,
        "\ufeff{}",
        '{"model": "cope", "model": 1}',
    ]

    async def attack(server: Running) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            for text in texts:
                headers = {"Content-Type": "application/json"}
                reply = await http.post(path, content=text.encode(), headers=headers)
                assert reply.status_code < 500, (text[:80], reply.text)
                if reply.status_code >= 400:
                    assert reply.json()["error"]["message"]
        assert len(server.log) == len(texts)

    against(attack)


async def _hang(messages: Any, request: Any) -> str:
    await asyncio.Event().wait()
    return ""


def _fail(messages: Any, request: Any) -> str:
    raise RuntimeError("secret of the engine")


@pytest.mark.parametrize(
    ("script", "status"),
    [(_hang, 504), (_fail, 502), (lambda m, r: "", 200), (lambda m, r: "x" * 10**6, 200)],
)
@pytest.mark.parametrize("stream", [False, True])
def test_tiers_that_hang_fail_or_lie_are_a_clear_reply(
    script: Any, status: int, stream: bool
) -> None:
    async def run() -> None:
        async with running(script, request_timeout=0.5 if script is _hang else 60) as server:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
                reply = await http.post(CHAT, json=chat(stream=stream), timeout=60)
            assert reply.status_code == (200 if stream else status)
            assert "secret of the engine" not in reply.text
            if status != 200:
                assert '"error"' in reply.text
            assert server.app.state.places.running == 0

    asyncio.run(run())


def test_requests_at_once_never_see_each_others_text() -> None:
    async def echo(messages: Any, request: Any) -> str:
        await asyncio.sleep(0.001)
        return "Answer: " + messages[-1]["content"].split("<")[1].split(">")[0]

    async def attack(server: Running) -> None:
        async def one(http: httpx.AsyncClient, number: int) -> None:
            mark = f"mark{number:04}"
            body = chat(f"Say <{mark}>", stream=number % 3 == 0, n=1 + number % 2)
            reply = await http.post(CHAT, json=body)
            marks = {f"mark{n:04}" for n in range(100) if f"mark{n:04}" in reply.text}
            assert marks == {mark}

        limits = httpx.Limits(max_connections=100)
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
            await asyncio.gather(*(one(http, number) for number in range(100)))

    async def run() -> None:
        async with running(echo, queue=200) as server:
            await attack(server)

    asyncio.run(run())
