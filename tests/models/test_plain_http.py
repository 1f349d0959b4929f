"""Replies in plain HTTP are read whole, in whatever pieces they come."""

import asyncio
from typing import Any

import pytest
from dspy._vendor.lm15.transports import ProtocolError

from cope.models.plain_connection import Connection, PlainReply
from cope.models.plain_http import PlainHttp

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


class Quiet(asyncio.Transport):
    """Sends nothing."""

    def write(self, data: Any) -> None:
        pass

    def abort(self) -> None:
        pass


def read(*pieces: bytes) -> bytes:
    """Return the body of a reply that comes in these pieces at once."""

    async def run() -> bytes:
        connection = Connection()
        connection.connection_made(Quiet())
        for piece in pieces:
            connection.data_received(piece)
        head = await PlainHttp(5.0)._read_head(connection, b"")
        assert head is not None
        body = bytearray()
        async for part in PlainReply(connection, head, 5.0):
            body += part
        return bytes(body)

    return asyncio.run(run())


@pytest.mark.parametrize("size", [0, 1, 16_384, 70_000, 300_000])
@pytest.mark.parametrize("start", [b"", INTERIM])
def test_a_body_of_any_size_may_come_with_its_head(size: int, start: bytes):
    body = b"7" * size
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    assert read(start + head + body) == body
    assert read(start + head[:9], head[9:] + body[:5], body[5:]) == body


def test_chunks_are_joined():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read(head + b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n") == b"abcde"


def test_a_head_without_end_is_an_error():
    with pytest.raises(ProtocolError, match="head exceeded limit"):
        read(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000)
