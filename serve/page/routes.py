"""The routes of the page: its files, and the prompts of the served programs."""

from importlib import resources

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from ...programs.program_text import program_text
from ...programs.program_view import view_from_state
from ..access import Access
from ..service import SERVED, Service

_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_INDEX = "index.html"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load: files of this server only, and no script or style within the page."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def page_files() -> dict[str, tuple[bytes, str]]:
    """Return the files of the page with their media types, by name."""
    files = {}
    for file in resources.files(f"{__package__}.static").iterdir():
        suffix = "." + file.name.rpartition(".")[2]
        if suffix in _KINDS:
            files[file.name] = file.read_bytes(), _KINDS[suffix]
    return files


def mount_page(app: FastAPI, service: Service, access: Access) -> None:
    """Add the page to an application. Its files need no key, and the prompts do.

    Args:
        app: the application.
        service: answers the questions.
        access: keys.
    """
    files = page_files()

    def send(name: str) -> Response:
        if name not in files:
            return PlainTextResponse("not found", 404, headers=_HEADERS)
        content, kind = files[name]
        return Response(content, media_type=kind, headers=_HEADERS)

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return send(_INDEX)

    @app.get("/static/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        return send(name)

    @app.get("/prompts", response_class=PlainTextResponse)
    async def prompts(request: Request, model: str = SERVED) -> Response:
        """Return the rounds, instructions and demonstrations of a served model as text."""
        access.account(request.headers)
        view = view_from_state(service.cascade(model).dump_state())
        return PlainTextResponse(program_text(view, full=True), headers=_HEADERS)
