"""Responses over HTTP: streams, errors, and clients that hang up."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .errors import ApiError, OutOfBudget, as_api_error, not_ready
from .places import STOPPING, Places

Result = TypeVar("Result")

_STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """A stream of server-sent events, which is closed also when the client hangs up.

    Args:
        events: the events as text.
        closed: called at the end, also of a stream that never began.
    """

    def __init__(self, events: AsyncGenerator[str], closed: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_STREAM_HEADERS)
        self._events, self._closed = events, closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()
            self._closed()


async def until_hang_up(request: Request, work: Awaitable[Result]) -> Result:
    """Wait for a result, and cancel the work when the client hangs up.

    Raises:
        ApiError: when the client hung up; nobody reads it but the log.
    """
    worker = asyncio.current_task()
    assert worker is not None
    hung_up = False

    async def watch() -> None:
        nonlocal hung_up
        await _hang_up(request)
        hung_up = True
        worker.cancel()

    watching = asyncio.create_task(watch())
    try:
        return await work
    except asyncio.CancelledError:
        if not hung_up or worker.uncancel():  # the server cancelled it too
            raise
        raise ApiError(499, "the client hung up", "client_error") from None
    finally:
        watching.cancel()


async def _hang_up(request: Request) -> None:
    """Return when the client hangs up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def error_response(error: ApiError) -> Response:
    """Return the response for an error."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse(error.body(), error.status, headers=headers)


class ErrorResponses:
    """Writes every error in the form of the API.

    Args:
        app: the application.
        places: whose state says whether a request is cancelled because the server stops.
    """

    def __init__(self, app: Any, places: Places) -> None:
        self._app, self._places = app, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Any) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except (Exception, OutOfBudget) as error:
            if started or scope["type"] != "http":
                raise
            await error_response(as_api_error(error))(scope, receive, send)
        except asyncio.CancelledError:
            if self._places.state != STOPPING or scope["type"] != "http":
                raise
            if not started:
                await error_response(not_ready(STOPPING))(scope, receive, send)
