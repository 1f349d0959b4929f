"""The web application: routes of the OpenAI API over a service."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from ..util.json_types import JsonObject
from .access import Access, InFlight
from .accounts import Accounts
from .chat import Completion
from .errors import ApiError, OutOfBudget, as_api_error, unknown_model
from .middleware import BodyLimit, LogLine, RequestIdentity, write_log_line
from .options import ServeOptions
from .places import Places
from .requests import ChatRequest
from .service import Service
from .usage import LastTierCost

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


def make_app(
    service: Service,
    options: ServeOptions | None = None,
    access: Access | None = None,
    log: LogLine = write_log_line,
) -> FastAPI:
    """Return the web application that answers with a service.

    Args:
        service: answers the questions.
        options: limits of the server.
        access: keys and budget; None lets every request in.
        log: receives a line for each request.

    >>> from cope import Cascade
    >>> app = make_app(Service(Cascade("small")))
    >>> app.title
    'COPE'
    """
    options = options or ServeOptions()
    access = access or Access(Accounts(":memory:"))
    in_flight = InFlight()
    places = Places(options.in_flight or service.program.concurrency(), options.queue)
    last_tier = LastTierCost()
    middleware = [Middleware(RequestIdentity, log=log)]
    if options.origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(options.origins),
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=["x-request-id"],
            )
        )
    middleware += [Middleware(_Errors), Middleware(BodyLimit, most=options.max_body)]
    app = FastAPI(
        title="COPE",
        middleware=middleware,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.places = places

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"][1:])
        message = f"{path}: {first['msg']}" if path else str(first["msg"])
        return error_response(ApiError(400, message, param=path or None))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return error_response(ApiError(error.status_code, str(error.detail)))

    @app.get("/healthz")
    async def health() -> JsonObject:
        """Say that the server runs."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def ready() -> Response:
        """Say whether requests are answered: not while the server stops."""
        if places.stopping:
            return JSONResponse({"status": "stopping"}, 503)
        return JSONResponse({"status": "ready"})

    @app.get("/v1/models")
    async def models(request: Request) -> JsonObject:
        """List the served models."""
        access.account(request.headers)
        return {"object": "list", "data": [_model(name) for name in service.model_names]}

    @app.get("/v1/models/{name:path}")
    async def model(name: str, request: Request) -> JsonObject:
        """Return one served model."""
        access.account(request.headers)
        if name not in service.model_names:
            raise unknown_model(name, service.model_names)
        return _model(name)

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer a conversation."""
        account = access.account(request.headers)
        completion = Completion.of(service, body, last_tier, options, access.gate(account))
        access.accounts.count_request(account)
        in_flight.enter(account)
        try:
            await until_hang_up(request, places.take())
        except BaseException:
            in_flight.leave(account)
            raise

        def closed() -> None:
            places.give_back()
            in_flight.leave(account)

        if body.stream:
            return EventStream(completion.stream(), closed)
        try:
            return JSONResponse(await until_hang_up(request, completion.reply()))
        finally:
            closed()

    return app


async def until_hang_up(request: Request, work: Awaitable[Result]) -> Result:
    """Wait for a result, and cancel the work when the client hangs up.

    Raises:
        ApiError: when the client hung up; nobody reads it but the log.
    """
    task = asyncio.ensure_future(work)
    hang_up = asyncio.create_task(_hang_up(request))
    try:
        await asyncio.wait({task, hang_up}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ApiError(499, "the client hung up", "client_error")
    finally:
        hang_up.cancel()
        task.cancel()
        await asyncio.gather(task, hang_up, return_exceptions=True)


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


class _Errors:
    """Writes every error in the form of the API."""

    def __init__(self, app: Any) -> None:
        self._app = app

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


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "cope"}
