"""The least that a proxy in Python does: `_bare_proxy.py UPSTREAM PORT`, Starlette and httpx."""

import sys

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def make_app(upstream: str) -> Starlette:
    """Return an application that sends each chat request on."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(base_url=upstream, timeout=120, limits=limits, trust_env=False)

    async def chat(request: Request) -> Response:
        reply = await client.post("/chat/completions", content=await request.body())
        return Response(reply.content, reply.status_code, media_type="application/json")

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[1]), port=int(sys.argv[2]), log_level="warning", access_log=False)
