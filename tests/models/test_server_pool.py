"""Requests of a tier with several servers go to the least busy one that answers, and a dead one is left out for a time."""

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from dspy._vendor.lm15.transports import ConnectError, ReadError
from support.choices import several
from support.fault_server import FaultServer, Reply, faulty

from cope import Cascade, CopeError, Team
from cope.models import metered
from cope.models.hosts import split_hosts, with_one_host
from cope.models.server_pool import PAUSE_SECONDS, ServerPool

HOSTS = ["http://a", "http://b", "http://c"]


@dataclass
class Answer:
    address: str
    status: int = 200


class Servers:
    """Stub servers, and a clock that stands still."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: dict[str, Exception | int] = {}
        self.now = 100.0
        self.pool = ServerPool(HOSTS, 60.0, clock=lambda: self.now)

    @asynccontextmanager
    async def ask(self, address: str) -> AsyncIterator[Answer]:
        self.asked.append(address)
        failure = self.failing.get(address, 200)
        if isinstance(failure, Exception):
            raise failure
        yield Answer(address, failure)

    async def one(self) -> Answer:
        async with self.pool.reply(self.ask) as answer:
            return answer

    def addresses(self, count: int) -> list[str]:
        return [asyncio.run(self.one()).address for _ in range(count)]


def test_a_request_goes_to_the_least_busy_server():
    servers = Servers()

    async def hold(count: int) -> list[str]:
        async with AsyncExitStack() as stack:
            held = []
            for _ in range(count):
                answer = await stack.enter_async_context(servers.pool.reply(servers.ask))
                held.append(answer.address)
            return held

    assert asyncio.run(hold(7)) == [*HOSTS, *HOSTS, HOSTS[0]]
    assert servers.addresses(3) == [HOSTS[0]] * 3  # all are idle again


FAILURES: list[Exception | int] = [ConnectError("no"), ReadError("closed"), 502, 503, 504]
FAILURES.append(ConnectionResetError("reset"))


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_dead_server_is_left_out_said_once_and_asked_again_after_a_pause(
    failure: Exception | int, caplog: pytest.LogCaptureFixture
):
    servers = Servers()
    servers.failing["http://a"] = failure
    assert servers.addresses(3) == ["http://b"] * 3
    assert servers.asked == ["http://a", "http://b", "http://b", "http://b"]
    servers.now += PAUSE_SECONDS
    assert servers.addresses(2) == ["http://b"] * 2
    assert servers.asked[4:] == ["http://a", "http://b", "http://b"]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("http://a does not answer (")
    servers.failing.clear()
    servers.now += PAUSE_SECONDS
    assert servers.addresses(2) == ["http://a"] * 2
    servers.failing["http://a"] = failure
    servers.addresses(1)
    assert len(caplog.messages) == 2  # it had answered in between


def test_the_last_failure_is_raised_where_no_server_answers():
    servers = Servers()
    for address in HOSTS:
        servers.failing[address] = ConnectError(address)
    for _ in range(2):
        with pytest.raises(ConnectError):
            asyncio.run(servers.one())
    assert servers.asked == HOSTS * 2


def test_a_status_of_the_last_server_is_its_reply():
    servers = Servers()
    servers.failing = dict.fromkeys(HOSTS, 503)
    assert asyncio.run(servers.one()).status == 503


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
def test_other_statuses_are_replies_of_the_first_server(status: int):
    servers = Servers()
    servers.failing["http://a"] = status
    assert asyncio.run(servers.one()) == Answer("http://a", status)


@pytest.mark.parametrize(("seconds", "next_one"), [(59.0, "http://a"), (60.0, "http://b")])
def test_a_server_that_is_silent_until_the_timeout_is_left_out(seconds: float, next_one: str):
    servers = Servers()

    @asynccontextmanager
    async def silent(address: str) -> AsyncIterator[Answer]:
        servers.now += seconds
        await asyncio.Event().wait()
        yield Answer(address)

    async def stopped() -> None:
        async def ask() -> None:
            async with servers.pool.reply(silent):
                pass

        task = asyncio.create_task(ask())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(stopped())
    assert servers.addresses(1) == [next_one]


def test_a_password_in_an_address_is_not_said(caplog: pytest.LogCaptureFixture):
    pool = ServerPool(["http://me:secret@a:8000/v1", "http://b"])
    servers = Servers()
    servers.pool = pool
    servers.failing["http://me:secret@a:8000/v1"] = ConnectError("no")
    servers.addresses(1)
    assert "secret" not in caplog.text and "http://a:8000" in caplog.text


def test_a_pool_is_pickled_as_its_addresses():
    assert pickle.loads(pickle.dumps(ServerPool(HOSTS, 60.0))).addresses == HOSTS


NAMES = {
    "openai/m": ("openai/m", []),
    "openai/m@http://a:1/v1/": ("openai/m", ["http://a:1/v1"]),
    "openai/m@http://a:1/v1, https://b/v1": ("openai/m", ["http://a:1/v1", "https://b/v1"]),
    "openai/m@http://a,http://a": ("openai/m", ["http://a"]),
}


@pytest.mark.parametrize(("text", "parts"), NAMES.items())
def test_addresses_in_a_name(text: str, parts: tuple[str, list[str]]):
    assert split_hosts(text) == parts


@pytest.mark.parametrize("text", ["m@http://a,", "m@http://a,b", "m@,http://a", "m@http://a;b,,"])
def test_a_name_with_a_wrong_address_is_an_error_in_one_line(text: str):
    with pytest.raises(CopeError, match="is not an address"):
        split_hosts(text)


@pytest.mark.parametrize("name", ["openai/m@http://a/v1", "local/folder@2,3/m.gguf", "local/x"])
def test_other_names_stay_as_they_are(name: str):
    assert with_one_host(name) == name


API = several(["So.\nAnswer: 42"])


def ollama(body: dict[str, Any]) -> Reply:
    done = {"done": True, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 3}
    message = {"role": "assistant", "content": "So.\nAnswer: 42"}
    return Reply({"model": "m", "message": message, **done})


def api_name(*servers: FaultServer) -> str:
    return "openai/m@" + ",".join(f"{server.address}/v1" for server in servers)


def ollama_name(*servers: FaultServer) -> str:
    return "ollama/m@" + ",".join(server.address for server in servers)


@pytest.mark.parametrize(("answer", "name"), [(API, api_name), (ollama, ollama_name)])
def test_the_samples_of_a_round_are_divided_among_servers(
    answer: Callable[[dict[str, Any]], Reply],
    name: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.WARNING, "cope.models")
    with faulty(answer) as first, faulty(answer) as second, faulty(Reply(b"", 503)) as dead:
        small = name(first, dead, second)
        team = Team(small=small, large=small, cache=False)
        with metered() as meter:
            prediction = Cascade("self-consistency", team, early_stop="none")(question="6 * 7?")
    assert prediction.answer == "42" and len(meter.calls) == 8
    assert len(first.bodies) + len(second.bodies) == 8
    assert len(first.bodies) >= 2 and len(second.bodies) >= 2
    assert len(caplog.messages) == 1 and dead.address in caplog.messages[0]


def test_the_program_is_that_of_its_model_however_many_servers_have_it():
    def identity(*servers: str) -> tuple[str, Any, str]:
        name = f"openai/m@{','.join(servers)}"
        team = Team(small=name, large=name)
        cascade = Cascade("self-consistency", team)
        return team["small"].model, cascade.settings(), cascade.fingerprint()

    assert identity("http://a/v1") == identity("http://a/v1", "http://b/v1")


def test_a_reply_that_is_cached_is_that_of_any_server():
    with faulty(API) as first, faulty(API) as second:
        for servers in ((first,), (first, second)):
            name = api_name(*servers)
            team = Team(small=name, large=name)
            with metered() as meter:
                team["small"].lm("6 * 7?", temperature=0.0)
    assert [call.cache_hit for call in meter.calls] == [True]


@pytest.mark.parametrize(
    ("name", "limit"),
    [("openai/m@http://a,http://b", 32), ("ollama/m@http://a,http://b,http://c", 24)],
)
def test_each_server_has_the_requests_in_flight_of_one(name: str, limit: int):
    team = pickle.loads(pickle.dumps(Team(small=name, large=name, limits={"large": 5})))
    assert team["small"].lm.runtime.semaphore.size == limit
    assert team["large"].lm.runtime.semaphore.size == 5
