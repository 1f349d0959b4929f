"""The web application: routes of the OpenAI API over a service."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ..util.json_types import JsonObject
from .access import Access
from .accounts import Accounts
from .api import Api
from .errors import ApiError, metrics_missing, unknown_model
from .json_route import JsonRoute
from .mcp.endpoint import mount_mcp
from .metrics import open_metrics
from .middleware import BodyLimit, LogLine, RequestIdentity, write_log_line
from .openapi import ANSWERS, ERRORS, DescribedApi
from .options import ServeOptions
from .page.routes import mount_page
from .places import READY, Places
from .record import TrafficRecorder
from .request_facts import RequestFacts, note_event
from .requests import ChatRequest
from .responses_request import ResponsesRequest
from .service import Service
from .transport import ErrorResponses, error_response


def make_app(
    service: Service,
    options: ServeOptions | None = None,
    access: Access | None = None,
    log: LogLine = write_log_line,
    recorder: TrafficRecorder | None = None,
) -> FastAPI:
    """Return the web application that answers with a service.

    Args:
        service: answers the questions.
        options: limits of the server.
        access: keys and budget; None lets every request in.
        log: receives a line for each request.
        recorder: records the requests; None for no record.

    >>> from cope import Cascade
    >>> app = make_app(Service(Cascade("small")))
    >>> app.title
    'COPE'
    """
    options = options or ServeOptions()
    access = access or Access(Accounts(":memory:"))
    places = Places(options.at_once or service.program.concurrency(), options.queue)
    api = Api(service, options, access, places)
    metrics = open_metrics(places, shared=options.workers > 1)
    service.observers.append(note_event)
    if metrics is not None:
        service.observers.append(metrics.count_event)
    if recorder is not None:
        service.observers.append(recorder.observe)
        if metrics is not None:
            recorder.on_audit = metrics.count_audit

    def ended(facts: RequestFacts) -> None:
        log(facts.log_line(options.log_prompts))
        if metrics is not None:
            metrics.count_request(facts)

    middleware = [Middleware(RequestIdentity, ended=ended)]
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
    middleware += [
        Middleware(ErrorResponses, places=places),
        Middleware(BodyLimit, most=options.max_body, patience=options.patience),
    ]
    app = DescribedApi(
        title="COPE",
        middleware=middleware,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=ERRORS,
    )
    app.state.places = places

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return error_response(ApiError(error.status_code, str(error.detail)))

    router = APIRouter(route_class=JsonRoute)

    @router.post("/v1/chat/completions", responses=ANSWERS)
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer a conversation."""
        return await api.chat(body, request)

    @router.post("/v1/responses", responses=ANSWERS)
    async def responses(body: ResponsesRequest, request: Request) -> Response:
        """Answer a conversation, in the newer form of the API."""
        return await api.responses(body, request)

    app.include_router(router)  # first, because routes are tried in order

    @app.get("/healthz")
    async def health() -> JsonObject:
        """Say that the server runs."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def ready() -> Response:
        """Say whether requests are answered: not while models are loaded or the server stops."""
        return JSONResponse({"status": places.state}, 200 if places.state == READY else 503)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def measured(request: Request) -> Response:
        """Return the metrics in the text format of Prometheus."""
        access.account(request.headers)
        if metrics is None:
            raise metrics_missing()
        return Response(metrics.text(), media_type=metrics.content_type)

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

    mount_mcp(app, api)
    mount_page(app, service, access)
    return app


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "cope"}
