"""The page of a served cascade in a real Chromium, with models whose replies wait for the test."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from support.every_test import Ask

from cope import Cascade, Team
from cope.models import Price, ScriptedEngine
from cope.serve import Access, Service, make_app

PATIENCE = 120_000
"""Milliseconds that anything may take on a machine with other work; a second else."""


@dataclass
class World:
    """A server in a thread, and what its models say.

    Attributes:
        plan: the text of every plan.
        solution: the text of every solution.
        waits: whether solutions wait until `let` allows them.
        address: of the page.
    """

    plan: str = "Multiply both numbers."
    solution: str = "So.\nAnswer: 42"
    waits: bool = False
    address: str = ""
    engines: list[ScriptedEngine] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _allowed: asyncio.Semaphore | None = None

    def team(self) -> Team:
        async def reply(messages: Any, request: Any) -> str:
            if Ask.of("small", request).role == "plan":
                return self.plan
            if self.waits:
                assert self._allowed is not None
                await self._allowed.acquire()
            return self.solution

        self.engines = [ScriptedEngine(reply), ScriptedEngine(reply)]
        prices = {"small": Price(0.2, 0.6), "large": Price(5.0, 15.0)}
        return Team(*self.engines, cache=False, prices=prices)

    def let(self, count: int) -> None:
        """Let so many solutions be written."""
        assert self._loop is not None
        assert self._allowed is not None
        for _ in range(count):
            self._loop.call_soon_threadsafe(self._allowed.release)

    async def serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._loop, self._allowed = asyncio.get_running_loop(), asyncio.Semaphore(0)
        await server.serve([listener])


@pytest.fixture
def served() -> Iterator[Callable[..., World]]:
    """Serves a world: `served(waits=True, access=...)`."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(access: Access | None = None, **options: Any) -> World:
        world = World(**options)
        team = world.team()
        others = {tier: Cascade(tier, team) for tier in ("small", "large")}
        others["texts"] = Cascade("small", team, domain="open")
        app = make_app(Service(Cascade("cope", team), others), access=access, log=lambda _: None)
        listener = socket.create_server(("127.0.0.1", 0))
        world.address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(world.serve(server, listener)))
        thread.start()
        running.append((server, thread))
        return world

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page in a window of its own; at the end nothing foreign was loaded or said."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    contexts: list[Any] = []
    said: list[str] = []

    def open_(world: World, wait: str = "html[data-ready]", **window: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 800}, **window})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))

        def foreign(request: Any) -> None:
            if not request.url.startswith(world.address):
                said.append(request.url)

        page.on("request", foreign)
        page.goto(world.address)
        page.wait_for_selector(wait, state="attached")
        return page

    yield open_
    for context in contexts:
        context.close()
    expected = "the server responded with a status of 4"  # what Chromium says of a refused request
    assert [line for line in said if expected not in line] == []
