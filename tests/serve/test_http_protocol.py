"""What is written in one turn of the event loop is sent together, and nothing is lost."""

import asyncio
from typing import Any

import uvicorn
from hypothesis import given, strategies as st
from uvicorn.server import ServerState

from cope.serve.http_protocol import MOST_GATHERED, MOST_OF_HEAD, GatheredWrites, PatientProtocol


class Sent:
    """A transport that notes what it sends."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        if data:
            self.packets.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


@given(st.lists(st.lists(st.binary(max_size=9), max_size=4), max_size=4), st.booleans())
def test_a_turn_is_one_packet(turns: list[list[bytes]], closes_at_once: bool) -> None:
    sent = Sent()

    async def write() -> None:
        transport: Any = sent
        gathered = GatheredWrites(transport, asyncio.get_running_loop())
        for number, parts in enumerate(turns):
            for part in parts:
                gathered.write(part)
            if number + 1 == len(turns) and closes_at_once:
                gathered.close()
                assert gathered.is_closing()
            await asyncio.sleep(0)

    asyncio.run(write())
    assert sent.packets == [b"".join(parts) for parts in turns if any(parts)]
    assert sent.is_closed == (bool(turns) and closes_at_once)


def test_much_is_not_gathered() -> None:
    sent = Sent()

    async def write() -> None:
        transport: Any = sent
        gathered = GatheredWrites(transport, asyncio.get_running_loop())
        for _ in range(5):
            gathered.write(b"x" * (MOST_GATHERED // 2))
        assert len(sent.packets) == 1
        await asyncio.sleep(0)

    asyncio.run(write())
    assert sum(map(len, sent.packets)) == 5 * (MOST_GATHERED // 2)


def test_a_head_without_an_end_is_refused() -> None:
    sent = Sent()

    async def receive() -> int:
        config = uvicorn.Config(lambda *_: None, log_level="error")
        config.load()
        protocol = PatientProtocol(9.0, config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(sent)
        received = 0
        for part in [b"GET / HTTP/1.1\r\nX: ", *[b"a" * 1000] * 200]:
            protocol.data_received(part)
            received += len(part)
            if sent.is_closed:
                break
        protocol.connection_lost(None)
        return received

    received = asyncio.run(receive())
    assert MOST_OF_HEAD < received < MOST_OF_HEAD + 2000
    assert b"".join(sent.packets).startswith(b"HTTP/1.1 400 ")
