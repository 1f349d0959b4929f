"""What holds for every request: an identity, a maximum size, and one line in the log."""

import asyncio
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
    """Refuses bodies that are too large, before they are in memory, and those that come too slowly.

    Args:
        app: the application.
        most: the maximum of bytes; more are refused with status 413.
        patience: seconds that the body may take; later it is refused with status 408.
    """

    def __init__(self, app: ASGIApp, most: int, patience: float) -> None:
        self._app, self._most, self._patience = app, most, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or int(value) > self._most):
                raise self._too_large()
        # Here, because FastAPI makes one error of all that goes wrong while it reads a body.
        messages = [await self._whole_body(receive)]

        async def replayed() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replayed, send)

    async def _whole_body(self, receive: Receive) -> Message:
        """Read the body, and return it as one message; the last message if the client hung up."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return message
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._most:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise ApiError(408, "the body came too slowly", code="request_timeout") from None
        return {"type": "http.request", "body": b"".join(parts), "more_body": False}

    def _too_large(self) -> ApiError:
        text = f"the body has more than {self._most:,} bytes"
        return ApiError(413, text, code="request_too_large")
