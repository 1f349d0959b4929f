"""A server without keys answers under its own names only."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.middleware import Middleware

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import ServeOptions, Service, make_app
from cope.serve.own_hosts import OwnHosts, own_names
from cope.serve.run import run_server


@pytest.mark.parametrize(
    ("host", "options", "status"),
    [
        ("127.0.0.1:8321", {}, 200),
        ("localhost", {}, 200),
        ("[::1]:8321", {}, 200),
        ("127.0.0.2:8321", {"host": "127.0.0.2"}, 200),
        ("chat.example", {"origins": ("https://chat.example",)}, 200),
        ("evil.example", {}, 421),
        ("evil.example:8321", {}, 421),
        ("localhost.evil.example", {}, 421),
        ("", {}, 421),
    ],
)
def test_another_name_is_refused(host: str, options: dict[str, Any], status: int) -> None:
    service = Service(Cascade("small", _team()))
    app = make_app(service, ServeOptions(**options), log=lambda line: None)
    app.user_middleware.append(Middleware(OwnHosts, names=own_names(ServeOptions(**options))))

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.get("/v1/models", headers={"Host": host})

    reply = asyncio.run(run())
    assert reply.status_code == status
    if status == 421:
        assert "--origin" in reply.json()["error"]["message"] and "x-request-id" in reply.headers


@pytest.mark.parametrize("needs_key", [False, True])
def test_the_command_checks_names_where_no_key_is_needed(
    monkeypatch: pytest.MonkeyPatch, needs_key: bool
) -> None:
    from cope.serve import Access
    from cope.serve.accounts import Accounts

    seen: list[Any] = []

    def make_server(app: Any, options: ServeOptions) -> None:
        seen.extend(middleware.cls for middleware in app.user_middleware)
        raise KeyboardInterrupt

    monkeypatch.setattr("cope.serve.run.make_server", make_server)
    access = Access(Accounts(":memory:"), needs_key)
    with pytest.raises(KeyboardInterrupt):
        run_server(
            Service(Cascade("small", _team())), ServeOptions(port=0), access, lambda line: None
        )
    assert (OwnHosts in seen) is not needs_key


def _team() -> Team:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    return Team(engine, engine, cache=False)
