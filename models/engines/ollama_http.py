"""The HTTP requests of the Ollama engine: in plain HTTP where there is neither TLS nor a proxy."""

import asyncio
import codecs
import json
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import httpx
from dspy._vendor.lm15.transports import TransportError

from ...util.certificates import trusted_certificates
from ...util.json_types import JsonObject
from ...util.redact import read_key
from ..hosts import is_loopback
from ..plain_connection import PlainReply
from ..plain_http import PlainHttp, is_plain_http
from ..server_pool import ServerPool

CONNECT_SECONDS = 10.0
_HEADERS = (("Content-Type", "application/json"),)


class StreamedReply(Protocol):
    """The reply of a server, read line by line."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    def header(self, name: str) -> str | None:
        """Return the value of a header; None without it."""
        ...

    async def read(self) -> bytes:
        """Return the whole body."""
        ...

    async def next_lines(self) -> list[str]:
        """Return the next lines of the body as they come; none at its end."""
        ...


class _PlainReply:
    def __init__(self, reply: PlainReply) -> None:
        self._reply, self.status = reply, reply.status
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""  # the start of a line

    def header(self, name: str) -> str | None:
        return self._reply.header(name)

    async def read(self) -> bytes:
        body = bytearray()
        async for part in self._reply:
            body += part
        return bytes(body)

    async def next_lines(self) -> list[str]:
        while True:
            parts = await self._reply.next_parts()
            if not parts:
                rest = self._rest + self._decoder.decode(b"", final=True)
                self._rest = ""
                return [rest] if rest else []
            text = self._rest + self._decoder.decode(b"".join(parts))
            *lines, self._rest = text.split("\n")
            if lines:
                return lines


class _HttpxReply:
    def __init__(self, reply: httpx.Response) -> None:
        self._reply, self.status = reply, reply.status_code
        self._lines = reply.aiter_lines()

    def header(self, name: str) -> str | None:
        return self._reply.headers.get(name)

    async def read(self) -> bytes:
        return await self._reply.aread()

    async def next_lines(self) -> list[str]:
        line = await anext(self._lines, None)
        return [] if line is None else [line]


class OllamaHttp:
    """Sends requests to one server.

    Args:
        host: the server's address.
        timeout: seconds without data after which a request fails.
    """

    def __init__(self, host: str, timeout: float) -> None:
        self.host, self.timeout = host, timeout
        self.plain = PlainHttp(timeout)
        self._is_plain: bool | None = None
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    def post(self, path: str, body: JsonObject) -> AbstractAsyncContextManager[StreamedReply]:
        """Send a JSON object and yield the reply.

        Raises:
            httpx.HTTPError: when there is no reply, and so do DSPy's transport errors.
        """
        if self._is_plain is None:
            self._is_plain = is_plain_http(self.host)
        if self._is_plain:
            return _PlainExchange(self, path, body)
        return self.stream(path, body)

    @asynccontextmanager
    async def stream(self, path: str, body: JsonObject) -> AsyncIterator[StreamedReply]:
        """Send a JSON object by the client that follows redirects, and yield the reply."""
        self._is_plain = False
        async with self._client().stream("POST", path, json=body) as answer:
            yield _HttpxReply(answer)

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()  # a connection belongs to the loop that opened it
        if loop not in self._clients:
            timeout = httpx.Timeout(self.timeout, connect=CONNECT_SECONDS)
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
            headers = {}
            # The key is for Ollama's own service, and must not reach another host.
            host = httpx.URL(self.host).host
            key = read_key("OLLAMA_API_KEY")
            if key and (host == "ollama.com" or host.endswith(".ollama.com")):
                headers["authorization"] = f"Bearer {key}"
            self._clients[loop] = httpx.AsyncClient(
                base_url=self.host,
                timeout=timeout,
                limits=limits,
                headers=headers,
                follow_redirects=True,
                trust_env=not is_loopback(self.host),
                verify=trusted_certificates(),
            )
        return self._clients[loop]


class _PlainExchange(AbstractAsyncContextManager[StreamedReply]):
    """An exchange in plain HTTP, until the server redirects it."""

    def __init__(self, http: OllamaHttp, path: str, body: JsonObject) -> None:
        self._http, self._path, self._body = http, path, body
        self._url = f"{http.host}{path}"
        self._reply: PlainReply | None = None
        self._redirected: AbstractAsyncContextManager[StreamedReply] | None = None

    async def __aenter__(self) -> StreamedReply:
        text = json.dumps(self._body, ensure_ascii=False).encode()
        reply = await self._http.plain.send(self._url, _HEADERS, text)
        if reply.status // 100 != 3:
            self._reply = reply
            return _PlainReply(reply)
        self._http.plain.release(self._url, reply)
        self._redirected = self._http.stream(self._path, self._body)
        return await self._redirected.__aenter__()

    async def __aexit__(self, *error: Any) -> bool | None:
        if self._redirected is not None:
            return await self._redirected.__aexit__(*error)
        if self._reply is not None:
            self._http.plain.release(self._url, self._reply)
        return None


class OllamaServers:
    """Sends each request to one of several servers, see `ServerPool`.

    Args:
        hosts: the addresses of the servers.
        timeout: seconds without data after which a request fails.
        limit: seconds after which a request without a reply is stopped; None for no limit.
    """

    def __init__(self, hosts: Sequence[str], timeout: float, limit: float | None) -> None:
        self._servers = {host: OllamaHttp(host, timeout) for host in hosts}
        failures = (httpx.TransportError, TransportError, ConnectionError)
        self._pool = ServerPool(hosts, limit, failures) if len(hosts) > 1 else None

    def post(self, path: str, body: JsonObject) -> AbstractAsyncContextManager[StreamedReply]:
        """Send a JSON object and yield the reply, see `OllamaHttp.post`."""
        if self._pool is None:
            (server,) = self._servers.values()
            return server.post(path, body)
        return self._pool.reply(lambda host: self._servers[host].post(path, body))
