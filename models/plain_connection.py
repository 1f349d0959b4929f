"""A connection of plain HTTP, and the reply that is read from it."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

from dspy._vendor.lm15.transports import ReadTimeout
from dspy._vendor.lm15.transports._http11 import ResponseHeadParser


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time.

    Attributes:
        is_closed: whether the server has closed it.
    """

    def __init__(self) -> None:
        self.is_closed = False
        self._received: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received.append(data)
        self._wake()

    def eof_received(self) -> bool:
        self.is_closed = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _expire(self) -> None:
        """Wake what waits for too long. One timer serves many receipts, which are short."""
        self._expiry = None
        if self._waiter is None:
            return
        loop = self._waiter.get_loop()
        if loop.time() < self._deadline:
            self._expiry = loop.call_at(self._deadline, self._expire)
        else:
            self._wake()

    @property
    def is_usable(self) -> bool:
        """Whether a request can be sent: the server has not closed it or sent anything unasked."""
        return not self.is_closed and not self._received

    def send(self, data: bytes) -> None:
        """Send a request."""
        assert self._transport is not None
        self._transport.write(data)

    async def receive(self, seconds: float, reading: str) -> bytes:
        """Return what came from the server; empty when it has closed the connection.

        Raises:
            ReadTimeout: when nothing comes for so many seconds.
        """
        if not self._received and not self.is_closed:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            self._deadline = loop.time() + seconds
            if self._expiry is None:
                self._expiry = loop.call_at(self._deadline, self._expire)
            try:
                await self._waiter
            finally:
                self._waiter = None
            if not self._received and not self.is_closed:
                raise ReadTimeout(f"read timed out {reading}: no bytes for {seconds:g}s")
        data = b"".join(self._received)
        self._received.clear()
        return data

    def close(self) -> None:
        """Close the connection."""
        self.is_closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        if self._transport is not None:
            self._transport.abort()


class PlainReply:
    """The reply of a server, whose body is read once.

    Attributes:
        status: the code of the status.
        reason: the text behind it.
        http_version: as in `HTTP/1.1`.
        headers: names and values.
    """

    def __init__(self, connection: Connection, head: ResponseHeadParser, seconds: float) -> None:
        self.status, self.reason = head.status, head.reason
        self.http_version, self.headers = head.http_version, head.headers
        self.connection, self._seconds = connection, seconds
        self._head = head
        self._decoder = head.body_decoder("POST")
        self._data = head.leftover
        self._ended = False

    @property
    def may_be_reused(self) -> bool:
        """Whether the connection can carry another exchange."""
        done = self._decoder.complete and self.connection.is_usable
        return done and self._head.keep_alive()

    def header(self, name: str) -> str | None:
        """Return the value of a header; None without it."""
        return self._head.header(name)

    async def next_parts(self) -> list[bytes]:
        """Return the next parts of the body, as they come; none at its end.

        Raises:
            dspy's transport errors: when the body does not come, or is not HTTP.
        """
        decoder, data = self._decoder, self._data
        self._data = b""
        while not self._ended:
            parts = [part for part in decoder.feed(data) if part] if data else []
            if parts:
                return parts
            if decoder.complete:
                break
            data = await self.connection.receive(self._seconds, "mid-body")
            if not data:
                self._ended = True
                decoder.eof()
                rest = decoder.drain()
                return [rest] if rest else []
        return []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they come, see `next_parts`."""
        while True:
            parts = await self.next_parts()
            if not parts:
                return
            for part in parts:
                yield part
