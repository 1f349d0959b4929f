"""HTTP/1.1 to a server without TLS and without a proxy, at the least processor time.

Model servers on this machine or in its network are asked in plain HTTP, many times a second. DSPy's
transport starts a task for each read and looks at the socket before each use, and httpx builds
objects for every part of a request; both take several times what the exchange itself takes. The
parser of replies is DSPy's. Connections stay open for the next request of the same event loop.
"""

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

from dspy._vendor.lm15.transports import ConnectError, ConnectTimeout, ReadError
from dspy._vendor.lm15.transports._http11 import ResponseHeadParser, build_request_head
from dspy._vendor.lm15.transports._proxy import proxy_route_for
from dspy._vendor.lm15.transports._url import ParsedURL, parse_url

from .hosts import is_loopback
from .plain_connection import Connection, PlainReply

CONNECT_SECONDS = 10.0
KEPT_CONNECTIONS = 64
"""Idle connections to one server that stay open."""

_FED_BYTES = 16 * 1024

Headers = Sequence[tuple[str, str]]

parsed_url = lru_cache(maxsize=256)(parse_url)


def is_plain_http(url: str) -> bool:
    """Return whether an address is reached in plain HTTP and without a proxy."""
    parsed = parsed_url(url)
    if parsed.is_tls:
        return False
    return is_loopback(url) or proxy_route_for(parsed, proxy=None, trust_env=True) is None


class PlainHttp:
    """Sends requests to servers in plain HTTP.

    Args:
        read_seconds: seconds without data after which a request fails.
    """

    def __init__(self, read_seconds: float) -> None:
        self.read_seconds = read_seconds
        self._idle: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[tuple[str, int], list[Connection]]
        ] = weakref.WeakKeyDictionary()

    @asynccontextmanager
    async def post(self, url: str, headers: Headers, body: bytes) -> AsyncIterator[PlainReply]:
        """Send a request and yield the reply. A reply that is not read to its end is cut off.

        Raises:
            dspy's transport errors: when there is no connection or no reply.
        """
        reply = await self.send(url, headers, body)
        try:
            yield reply
        finally:
            self.release(url, reply)

    async def send(self, url: str, headers: Headers, body: bytes) -> PlainReply:
        """Send a request and return the reply, which must be released.

        Raises:
            dspy's transport errors: when there is no connection or no reply.
        """
        parsed = parsed_url(url)
        connection, head = await self._exchange(parsed, _request(parsed, headers, body))
        try:
            return PlainReply(connection, head, self.read_seconds)
        except BaseException:
            connection.close()
            raise

    def release(self, url: str, reply: PlainReply) -> None:
        """Keep the connection of a reply for the next request, or close it.

        Args:
            url: the address of the request.
            reply: the reply. Its connection is kept only if it was read to its end.
        """
        if reply.may_be_reused:
            self._keep(parsed_url(url), reply.connection)
        else:
            reply.connection.close()

    async def _exchange(
        self, parsed: ParsedURL, request: bytes
    ) -> tuple[Connection, ResponseHeadParser]:
        """Return the connection with the head of the reply.

        A server may close an idle connection at the moment of the request, which is sent again on
        a new connection then.
        """
        connection = self._take(parsed)
        if connection is not None:
            head = await self._read_head(connection, request)
            if head is not None:
                return connection, head
        connection = await self._connect(parsed)
        head = await self._read_head(connection, request)
        if head is None:
            raise ReadError("server closed connection before sending response")
        return connection, head

    async def _read_head(self, connection: Connection, request: bytes) -> ResponseHeadParser | None:
        """Send a request and return the head of the reply; None when the connection was closed."""
        head = ResponseHeadParser()
        try:
            connection.send(request)
            while not head.complete:
                data = await connection.receive(self.read_seconds, "waiting for headers")
                if not data:
                    connection.close()
                    return None
                _feed(head, data)
                if head.complete and head.status // 100 == 1:  # an interim reply
                    rest, head = head.leftover, ResponseHeadParser()
                    _feed(head, rest)
        except BaseException:
            connection.close()
            raise
        return head

    async def _connect(self, parsed: ParsedURL) -> Connection:
        loop, server = asyncio.get_running_loop(), f"{parsed.host}:{parsed.port}"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(Connection, parsed.host, parsed.port)
        except TimeoutError as error:
            raise ConnectTimeout(f"timed out connecting to {server}") from error
        except OSError as error:
            raise ConnectError(f"failed to connect to {server}: {error}") from error
        return connection

    def _take(self, parsed: ParsedURL) -> Connection | None:
        """Return an idle connection; None without one."""
        idle = self._idle_of(parsed)
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    def _keep(self, parsed: ParsedURL, connection: Connection) -> None:
        idle = self._idle_of(parsed)
        if len(idle) < KEPT_CONNECTIONS:
            idle.append(connection)
        else:
            connection.close()

    def _idle_of(self, parsed: ParsedURL) -> list[Connection]:
        by_server = self._idle.setdefault(asyncio.get_running_loop(), {})
        return by_server.setdefault((parsed.host, parsed.port), [])


def _feed(head: ResponseHeadParser, data: bytes) -> None:
    """Give a parser what came. It takes more than its limit for a head, also where it is a body."""
    start = 0
    while start < len(data) and not head.complete:
        head.feed(data[start : start + _FED_BYTES])
        start += _FED_BYTES
    if start < len(data):
        head.feed(data[start:])  # which belongs to the body


@lru_cache(maxsize=256)
def _head(parsed: ParsedURL, headers: tuple[tuple[str, str], ...], length: int) -> bytes:
    return build_request_head(
        method="POST",
        target=parsed.target,
        host=parsed.host,
        port=parsed.port,
        is_tls=False,
        headers=list(headers),
        body_length=length,
    )


def _request(parsed: ParsedURL, headers: Headers, body: bytes) -> bytes:
    return _head(parsed, tuple(headers), len(body)) + body
