"""The HTTP connection of models behind an API, whose replies are checked before DSPy reads them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from dspy._vendor.lm15.transports import (
    AsyncTransportResponse,
    StdlibAsyncTransport,
    TransportRequest,
)
from dspy.clients.engines.lm15_engine import AsyncLM15Engine
from dspy.lm15 import AsyncLMRouter

from .api_body import asks_for_several, is_chat
from .checked_reply import (
    WholeReply,
    asks_for_stream,
    body_document,
    checked_reply,
    read_body,
    with_body,
)
from .current_call import report_heard
from .hosts import is_loopback
from .plain_http import PlainHttp, is_plain_http
from .reply_text import text_sink
from .scope import in_scope, scoped
from .server_pool import ServerPool
from .streamed_reply import as_stream, refuses_streams

READ_SECONDS = 600.0
"""Seconds without data after which a connection counts as broken."""


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
        self._without_streams: set[str] = set()
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
            self._is_plain[url] = is_plain_http(url)
        return request.method == "POST" and self._is_plain[url]

    async def ask(self, request: TransportRequest) -> WholeReply:
        """Send a request for a whole reply, and return the reply.

        Raises:
            dspy.lm15.LM15Error: for a reply that is no answer.
        """
        is_plain = self._goes_plain(request) and self._servers is None
        if not is_plain or _batch(request) or self._is_shown(request):
            async with self.stream(request) as reply:
                return WholeReply(reply.status, reply.reason, reply.headers, await reply.read())
        plain = await self._plain.send(request.url, request.headers, request.body)
        try:
            report_heard()
            body = await read_body(plain)
        finally:
            self._plain.release(request.url, plain)
        if plain.status >= 400:
            return WholeReply(plain.status, plain.reason, plain.headers, body)
        document = body_document(plain.status, body, request)
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
        is_shown = self._is_shown(request)
        if is_shown:
            async with self._open(as_stream(request)) as reply:
                if reply.status < 400:
                    yield await checked_reply(reply, request)
                    return
                report_heard()
                body = await read_body(reply)
                if not refuses_streams(reply.status, body):
                    yield with_body(reply, body)
                    return
        async with self._open(request) as reply:
            if is_shown and reply.status < 400:
                self._without_streams.add(request.url)
            yield await checked_reply(reply, request)

    def _is_shown(self, request: TransportRequest) -> bool:
        """Return whether the text of a reply is shown as it is written."""
        if text_sink() is None or not is_chat(request) or _batch(request) is not None:
            return False
        if request.url in self._without_streams or asks_for_stream(request):
            return False
        return not asks_for_several(request)


def _batch(request: TransportRequest) -> Transport | None:
    """Return the batch of requests that a request belongs to; None without one."""
    return in_scope("transport") if is_chat(request) else None
