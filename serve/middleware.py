"""What holds for every request: an identity, a maximum size, and one line in the log."""

import json
import secrets
import sys
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..util.json_types import JsonObject
from .errors import ApiError

LogLine = Callable[[JsonObject], None]


def write_log_line(line: JsonObject) -> None:
    """Write a line of the log on stderr."""
    sys.stderr.write(json.dumps(line) + "\n")


class RequestIdentity:
    """Names each request in the header `x-request-id`, and logs it when it has ended.

    Args:
        app: the application.
        log: receives the time, the identity, method, path, status and seconds of a request. No
            prompt and no key is among them.
    """

    def __init__(self, app: ASGIApp, log: LogLine = write_log_line) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = "req_" + secrets.token_hex(10)
        started = time.perf_counter()
        status = 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", name.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            seconds = round(time.perf_counter() - started, 4)
            line = {"time": time.time(), "id": name, "method": scope["method"]}
            self._log(line | {"path": scope["path"], "status": status, "seconds": seconds})


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
