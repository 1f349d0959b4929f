"""The tools at `/mcp` of the server, over streamable HTTP."""

import asyncio
import importlib.util
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..access import Access, is_private
from ..api import Api
from ..errors import ApiError
from ..options import ServeOptions
from ..own_hosts import LOCAL_NAMES, own_names
from .asker import Asker

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

PATH = "/mcp"


def is_available() -> bool:
    """Return whether the package `mcp` is installed."""
    return importlib.util.find_spec("mcp") is not None


def mount_mcp(app: FastAPI, api: Api) -> None:
    """Answer at `/mcp` with the service, the limits and the places of the API."""

    def make_server() -> "MCPServer":
        from .tools import make_mcp_server

        asker = Asker(api.service, api.options, api.admission, api.last_tier, api.answered)
        return make_mcp_server(asker, version("cope-dspy"))

    endpoint = McpEndpoint(make_server, api.access, api.options)
    app.router.routes.append(Route(PATH, endpoint))


class McpEndpoint:
    """Answers the requests of `/mcp`. Keys, limits and budget are those of the other interfaces.

    The package `mcp` takes a second to import, so the first request imports it, in a thread. Each
    request stands for itself: no session of a client is kept.

    Args:
        make_server: returns the server with the tools.
        access: keys; every request needs one where the server needs keys.
        options: address, origins and limits.
    """

    def __init__(
        self, make_server: "Callable[[], MCPServer]", access: Access, options: ServeOptions
    ) -> None:
        self._make_server, self._access, self._options = make_server, access, options
        self._starting: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._access.account(Headers(scope=scope))
        if not is_available():
            text = "the server lacks the package mcp: pip install 'cope-dspy[mcp]'"
            raise ApiError(404, text, code="mcp_missing")
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._starting))
        manager = await asyncio.shield(self._starting)
        await manager.handle_request(scope, receive, send)

    async def _run(self, started: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        """Hold what the requests share, until the server's event loop ends."""
        try:
            manager = await asyncio.to_thread(self._make_manager)
            async with manager.run():
                started.set_result(manager)
                await asyncio.Event().wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    def _make_manager(self) -> "StreamableHTTPSessionManager":
        server = self._make_server()
        server.streamable_http_app(
            stateless_http=True,
            transport_security=security(self._options, self._access.needs_key),
            max_request_body_size=self._options.max_body,
        )
        return server.session_manager


def security(options: ServeOptions, needs_key: bool) -> "TransportSecuritySettings":
    """Return which hosts and origins may call, see `own_hosts`.

    Args:
        options: address and origins.
        needs_key: whether every request has a key.
    """
    from mcp.server.transport_security import TransportSecuritySettings

    if needs_key and not is_private(options.host):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    local = [f"http://{name}" for name in LOCAL_NAMES]
    origins = [origin.rstrip("/") for origin in options.origins]
    return TransportSecuritySettings(
        allowed_hosts=with_ports(own_names(options)), allowed_origins=[*with_ports(local), *origins]
    )


def with_ports(names: Sequence[str]) -> list[str]:
    """Return names as they are and with any port, in the notation of the package `mcp`.

    >>> with_ports(["localhost"])
    ['localhost', 'localhost:*']
    """
    return [*names, *(f"{name}:*" for name in names)]
