"""The HTTP connection of models behind an API: checks each reply before DSPy reads it.

The raw reply is checked, because nothing else shows all of it, see `checked_body`.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dspy._vendor.lm15.transports import (
    AsyncTransportResponse,
    StdlibAsyncTransport,
    TransportRequest,
)
from dspy.clients.engines.lm15_engine import AsyncLM15Engine
from dspy.lm15 import AsyncLMRouter, ServerError

from ..util.json_types import JsonObject
from .api_body import checked_document, is_chat
from .current_call import report_heard
from .hosts import is_loopback
from .plain_connection import PlainReply
from .plain_http import PlainHttp, is_plain
from .scope import in_scope, scoped
from .server_pool import ServerPool

READ_SECONDS = 600.0
"""Seconds without data after which a connection counts as broken."""

MAX_BODY_BYTES = 64_000_000


class ApiEngines(dict[Any, Any]):
    """The native engines of one language model, which DSPy makes, keeps here and shares.

    Each one that is kept gets the transport of this module.

    Args:
        timeout: seconds that a request may take; the language model cancels it then.
        servers: the servers of the model, where it has several.
    """

    def __init__(self, timeout: float | None = None, servers: ServerPool | None = None) -> None:
        super().__init__()
        self._servers = servers
        self.read_seconds = max(READ_SECONDS, timeout or 0.0)

    def __setitem__(self, key: Any, engine: Any) -> None:
        if isinstance(engine, AsyncLM15Engine):
            transport = CheckedTransport(self.read_seconds, self._servers)
            engine.config = replace(engine.config, timeouts=None, transport=transport)
            engine.router = AsyncLMRouter(engine.config)
        super().__setitem__(key, engine)


class Transport(Protocol):
    """Sends requests; one of DSPy's, or one of a batch that sends many of them together."""

    def stream(
        self, request: TransportRequest
    ) -> AbstractAsyncContextManager[AsyncTransportResponse]:
        """Send a request, and yield the reply."""
        ...


def use_transport(transport: Transport | None) -> AbstractContextManager[None]:
    """Send the chat completions that are asked of APIs inside by a transport; None is DSPy's."""
    return scoped("transport", transport)


def whole_reply(status: int, body: bytes) -> AsyncTransportResponse:
    """Return a reply whose body is known."""
    return AsyncTransportResponse(
        status=status,
        reason="",
        headers=[("content-type", "application/json")],
        http_version="HTTP/1.1",
        chunks=_one_chunk(body),
        release=_release_nothing,
    )


@dataclass(frozen=True, slots=True)
class WholeReply:
    """A reply that was read to its end.

    Attributes:
        status: the code of the status.
        reason: the text behind it.
        headers: names and values.
        body: the body as it came; empty where it was checked.
        document: the checked body; None for one that was not checked.
    """

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    document: JsonObject | None = None


class CheckedTransport:
    """An asynchronous transport of DSPy's that checks replies.

    Loopback hosts bypass all proxies.

    Args:
        read_seconds: seconds without data after which a request fails.
        servers: among which requests to the first of them are divided; None for one server.
    """

    def __init__(
        self, read_seconds: float = READ_SECONDS, servers: ServerPool | None = None
    ) -> None:
        self._servers = servers
        self._plain = PlainHttp(read_seconds)
        self._is_plain: dict[str, bool] = {}
        self._direct = StdlibAsyncTransport(read_timeout=read_seconds, trust_env=False)
        self._proxied = StdlibAsyncTransport(read_timeout=read_seconds)

    def _open(self, request: TransportRequest) -> AbstractAsyncContextManager[Any]:
        """Return the exchange of a request with its server, or with a batch of requests."""
        batch = _batch(request)
        if batch is not None:
            return batch.stream(request)
        url = request.url
        if self._goes_plain(request):
            return self._plain.post(url, request.headers, request.body)
        return (self._direct if is_loopback(url) else self._proxied).stream(request)

    def _goes_plain(self, request: TransportRequest) -> bool:
        """Return whether a request is sent in plain HTTP."""
        url = request.url
        if url not in self._is_plain:
            self._is_plain[url] = is_plain(url)
        return request.method == "POST" and self._is_plain[url]

    async def ask(self, request: TransportRequest) -> WholeReply:
        """Send a request for a whole reply, and return the reply.

        Raises:
            dspy.lm15.LM15Error: for a reply that is no answer.
        """
        if self._servers is not None or _batch(request) or not self._goes_plain(request):
            async with self.stream(request) as reply:
                return WholeReply(reply.status, reply.reason, reply.headers, await reply.read())
        plain = await self._plain.send(request.url, request.headers, request.body)
        try:
            report_heard()
            body = await _read(plain)
        finally:
            self._plain.release(request.url, plain)
        if plain.status >= 400:
            return WholeReply(plain.status, plain.reason, plain.headers, body)
        document = _document(plain.status, body, request)
        return WholeReply(plain.status, plain.reason, plain.headers, document=document)

    def stream(
        self, request: TransportRequest
    ) -> AbstractAsyncContextManager[AsyncTransportResponse]:
        """Send a request, and yield the reply.

        Raises:
            dspy.lm15.LM15Error: for a reply that is no answer.
        """
        servers = self._servers
        if servers is None or in_scope("transport") is not None:
            return self._exchange(request)
        path = request.url.removeprefix(servers.addresses[0])
        return servers.reply(lambda address: self._exchange(replace(request, url=address + path)))

    @asynccontextmanager
    async def _exchange(self, request: TransportRequest) -> AsyncIterator[AsyncTransportResponse]:
        async with self._open(request) as reply:
            report_heard()
            if reply.status >= 400 or b'"stream":true' in request.body.replace(b" ", b""):
                yield _response(reply, reply.__aiter__())
                return
            document = _document(reply.status, await _read_chunks(reply), request)
            yield _response(reply, _one_chunk(json.dumps(document).encode()))


def _batch(request: TransportRequest) -> Transport | None:
    """Return the batch of requests that a request belongs to; None without one."""
    return in_scope("transport") if is_chat(request) else None


def _document(status: int, body: bytes, request: TransportRequest) -> JsonObject:
    if 300 <= status < 400:
        raise ServerError(
            "the server answers with a redirect, which is not followed: check the address",
            status=status,
        )
    return checked_document(body, request)


def _response(
    reply: AsyncTransportResponse | PlainReply, chunks: AsyncIterator[bytes]
) -> AsyncTransportResponse:
    """Return a reply with another body, whose connection this module releases."""
    return AsyncTransportResponse(
        status=reply.status,
        reason=reply.reason,
        headers=reply.headers,
        http_version=reply.http_version,
        chunks=chunks,
        release=_release_nothing,
    )


async def _read(reply: PlainReply) -> bytes:
    body = bytearray()
    while True:
        parts = await reply.next_parts()
        if not parts:
            return bytes(body)
        for part in parts:
            _add(body, part)


async def _read_chunks(reply: AsyncTransportResponse | PlainReply) -> bytes:
    body = bytearray()
    async for chunk in reply:
        _add(body, chunk)
    return bytes(body)


def _add(body: bytearray, part: bytes) -> None:
    report_heard()
    body += part
    if len(body) > MAX_BODY_BYTES:
        raise ServerError(f"the reply has more than {MAX_BODY_BYTES:,} bytes")


async def _one_chunk(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _release_nothing(body_consumed: bool) -> None:
    """Do nothing, because the connection was released when its body was read."""
