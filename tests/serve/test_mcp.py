"""The tools of the Model Context Protocol, asked by the official client."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from httpx2 import AsyncClient
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import Price, ScriptedEngine
from cope.serve import Access, ServeOptions, Service, make_app
from cope.serve.accounts import Accounts, Limits
from cope.serve.admission import Admission
from cope.serve.places import Places
from cope.serve.usage import LastTierCost

if TYPE_CHECKING:
    from mcp.client import Client  # every worker would load it before the first test

QUESTION = {"question": "What is 6 times 7?"}
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


def served(service: Service, mode: str = "auto", **options: Any) -> "Client":
    from mcp.client import Client

    from cope.serve.mcp.asker import Asker
    from cope.serve.mcp.tools import make_mcp_server

    access = Access(Accounts(":memory:"), budget=options.pop("budget", None))
    admission = Admission(access, Places(4, 4))
    asker = Asker(service, ServeOptions(**options), admission, LastTierCost())
    return Client(make_mcp_server(asker), mode=mode)


@pytest.fixture
def service(scripted: Callable[..., Any]) -> Service:
    team = scripted(lambda ask: "Add them." if ask.role == "plan" else "So.\nAnswer: 42").team
    return Service(Cascade("cope", team), {"small": Cascade("small", team)})


@pytest.mark.slow
@MODES
def test_ask_is_typed_reports_progress_and_is_explained(service: Service, mode: str) -> None:
    async def run() -> None:
        heard: list[tuple[float, float, str]] = []

        async def hear(done: float, total: float | None, message: str | None) -> None:
            heard.append((done, total or 0.0, message or ""))

        async with served(service, mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ask", "plan", "explain"}
            assert {"answer", "confidence", "round", "cost_usd", "id"} <= set(
                (tools["ask"].output_schema or {})["properties"]
            )
            answer = await client.call_tool("ask", QUESTION, progress_callback=hear)
            said = answer.structured_content
            assert (said["answer"], said["round"], answer.is_error) == ("42", 1, False)
            assert said["confidence"] >= 0.75 and said["plan"] == "Add them."
            explained = await client.call_tool("explain", {"id": said["id"]})
            (round_,) = explained.structured_content["rounds"]
            assert round_["accepted"] and round_["votes"]["42"] >= 6
            assert round_["plans"][0] == "Add them." and "agree" in round_["reason"]
        done = [step[0] for step in heard]
        assert done == sorted(set(done)) and heard[0][2].startswith("round 1: ")
        assert heard[-1][2].startswith("accepted") and done[-1] < heard[-1][1] == 32

    asyncio.run(run())


@pytest.mark.slow
def test_plan_is_that_of_the_largest_planner_and_nothing_is_solved(
    scripted: Callable[..., Any],
) -> None:
    world = scripted(lambda ask: f"{ask.tier} plans")

    async def run() -> list[Any]:
        async with served(Service(Cascade("cope", world.team))) as client:
            made = await client.call_tool("plan", QUESTION)
            first = await client.call_tool("plan", QUESTION | {"round": 1})
            none = await client.call_tool("plan", QUESTION | {"round": 3})
            return [made.structured_content, first.structured_content, none]

    made, first, none = asyncio.run(run())
    assert (made["plan"], made["kind"], made["tier"], made["round"]) == (
        "large plans",
        "guideline",
        "large",
        2,
    )
    assert (first["plan"], first["kind"], first["round"]) == ("small plans", "goal", 1)
    assert none.is_error and "rounds that do: 1, 2" in none.content[0].text
    assert [ask.role for ask in world.asks] == ["plan", "plan"]


@sweep(
    ("tool", "call", "said"),
    [
        ("ask", {"question": " "}, "empty"),
        ("ask", {"question": "x" * 30}, "30 characters"),
        ("ask", {"question": "Hi", "model": "gpt-9"}, "'gpt-9' is not served"),
        ("plan", {"question": "Hi", "model": "cope/small"}, "writes no plans"),
        ("explain", {"id": "ans_1"}, "no answer has this id"),
    ],
    every=2,
)
def test_what_cannot_be_answered_is_an_error_of_the_tool(
    service: Service, tool: str, call: dict[str, Any], said: str
) -> None:
    async def run() -> Any:
        async with served(service, max_prompt=20) as client:
            return await client.call_tool(tool, call)

    result = asyncio.run(run())
    assert result.is_error and said in result.content[0].text


def test_a_model_that_fails_shows_no_detail(scripted: Callable[..., Any]) -> None:
    def fail(ask: Any) -> str:
        raise RuntimeError("secret-key-123")

    async def run() -> Any:
        async with served(Service(Cascade("small", scripted(fail).team))) as client:
            return await client.call_tool("ask", QUESTION)

    result = asyncio.run(run())
    assert result.is_error and "secret" not in result.content[0].text


def paid_service() -> Service:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    price = Price(100_000.0, 100_000.0)
    team = Team(engine, engine, cache=False, prices={"small": price, "large": price})
    return Service(Cascade("small", team))


def test_a_budget_ends_the_questions() -> None:
    async def run() -> list[Any]:
        async with served(paid_service(), budget=0.01) as client:
            return [await client.call_tool("ask", QUESTION) for _ in range(2)]

    first, second = asyncio.run(run())
    assert first.structured_content["cost_usd"] > 0.01
    assert second.is_error and "budget" in second.content[0].text


@asynccontextmanager
async def server(
    service: Service, access: Access | None = None, **options: Any
) -> AsyncIterator[str]:
    """Serve over a real socket, and yield the address of the tools."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = make_app(service, ServeOptions(**options), access, log=lambda line: None)
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(running.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        running.should_exit = True
        await serving


@asynccontextmanager
async def with_key(address: str, key: str, mode: str = "auto") -> AsyncIterator["Client"]:
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    http = AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60)
    transport = streamable_http_client(address, http_client=http)
    async with http, Client(transport, mode=mode) as client:
        yield client


@pytest.mark.slow
@MODES
def test_keys_limits_and_answers_are_those_of_the_server(service: Service, mode: str) -> None:
    accounts = Accounts(":memory:")
    mary = accounts.add("mary", Limits(per_minute=1))
    john = accounts.add("john", Limits(total_usd=1e-9))
    accounts.book("john", 1.0)

    async def run() -> None:
        async with server(service, Access(accounts, needs_key=True)) as address:
            async with httpx.AsyncClient() as http:
                assert (await http.post(address, json={})).status_code == 401
            async with with_key(address, mary, mode) as client:
                heard: list[Any] = []

                async def hear(*step: Any) -> None:
                    heard.append(step)

                first = await client.call_tool("ask", QUESTION, progress_callback=hear)
                assert first.structured_content["answer"] == "42" and len(heard) > 8
                second = await client.call_tool("ask", QUESTION)
                assert second.is_error and "1 requests a minute" in second.content[0].text
                wanted = {"id": first.structured_content["id"]}
                assert not (await client.call_tool("explain", wanted)).is_error
            async with with_key(address, john, mode) as client:
                assert (await client.call_tool("explain", wanted)).is_error
                spent = await client.call_tool("ask", QUESTION)
                assert spent.is_error and "budget" in spent.content[0].text

    asyncio.run(run())


@sweep(
    ("headers", "options", "status"),
    [
        ({}, {}, 200),
        ({"Host": "localhost:8321"}, {}, 200),
        ({"Host": "evil.example"}, {}, 421),
        ({"Host": "evil.example:8321"}, {}, 421),
        ({"Origin": "http://evil.example"}, {}, 403),
        ({"Origin": "https://chat.example"}, {"origins": ("https://chat.example",)}, 200),
        ({"Host": "chat.example"}, {"origins": ("https://chat.example",)}, 200),
    ],
    every=3,
)
def test_a_page_of_another_host_cannot_call(
    service: Service, headers: dict[str, str], options: dict[str, Any], status: int
) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepted = {"Accept": "application/json, text/event-stream"}
    app = make_app(service, ServeOptions(**options), log=lambda line: None)

    async def run() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return (await http.post("/mcp", json=call, headers=accepted | headers)).status_code

    assert asyncio.run(run()) == status


def test_a_server_without_the_package_says_what_to_install(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cope.serve.mcp.endpoint.is_available", lambda: False)
    app = make_app(service, log=lambda line: None)

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.post("/mcp", json={})

    reply = asyncio.run(run())
    assert reply.status_code == 404 and "cope-dspy[mcp]" in reply.json()["error"]["message"]


@MODES
def test_a_client_that_hangs_up_cancels_the_call_at_the_engine(mode: str) -> None:
    from mcp.client import Client

    asked = asyncio.Event()

    async def never(messages: Any, request: Any) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    engine = ScriptedEngine(never)
    service = Service(Cascade("small", Team(engine, engine, cache=False)))

    async def run() -> None:
        async with server(service) as address:

            async def ask() -> None:
                async with Client(address, mode=mode) as client:
                    await client.call_tool("ask", QUESTION)

            asking = asyncio.create_task(ask())
            await asked.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            async with asyncio.timeout(30):
                while engine.cancelled == 0:
                    await asyncio.sleep(0.01)

    asyncio.run(run())
    assert engine.cancelled == 1
