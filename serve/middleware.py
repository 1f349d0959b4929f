"""What holds for every request: an identity, a maximum size, and one line in the log."""

import json
import secrets
import sys
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..models import metered
from ..util.json_types import JsonObject
from .errors import ApiError
from .request_facts import NO_ROUTE, RequestFacts, begin_request

LogLine = Callable[[JsonObject], None]


def write_log_line(line: JsonObject) -> None:
    """Write a line of the log on stderr."""
    sys.stderr.write(json.dumps(line) + "\n")


class RequestIdentity:
    """Names each request in the header `x-request-id`, and meters the calls that it makes.

    Args:
        app: the application.
        ended: receives each request when it has ended, also one that failed.
    """

    def __init__(self, app: ASGIApp, ended: Callable[[RequestFacts], None]) -> None:
        self._app, self._ended = app, ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = RequestFacts("req_" + secrets.token_hex(10), scope["method"], scope["path"])
        begin_request(facts)
        started = time.perf_counter()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", facts.id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            with metered(facts.meter):
                await self._app(scope, receive, named)
        finally:
            facts.seconds = time.perf_counter() - started
            facts.route = getattr(scope.get("route"), "path", NO_ROUTE)
            self._ended(facts)


class BodyLimit:
    """Refuses bodies that are too large with status 413, before they are in memory.

    Args:
        app: the application.
        most: the maximum of bytes.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or int(value) > self._most):
                raise self._too_large()
        heard = 0

        async def limited() -> Message:
            nonlocal heard
            message = await receive()
            heard += len(message.get("body", b""))
            if heard > self._most:
                raise self._too_large()
            return message

        await self._app(scope, limited, send)

    def _too_large(self) -> ApiError:
        text = f"the body has more than {self._most:,} bytes"
        return ApiError(413, text, code="request_too_large")
