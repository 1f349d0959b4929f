"""`cope serve --workers 2` on a socket: limits hold over both processes, and they come and go."""

import asyncio
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.api import CHAT, body
from support.worker_servers import SECONDS, Started, started, wait_until

from cope.serve.accounts import Accounts, Limits

pytestmark = pytest.mark.slow

MANY = 100


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, str]:
    accounts = Accounts(folder / "keys.sqlite")
    limits = {"free": Limits(), "four": Limits(in_flight=4), "seven": Limits(per_minute=7)}
    return {name: accounts.add(name, limit) for name, limit in limits.items()}


@pytest.fixture(scope="module")
def server(folder: Path, keys: dict[str, str]) -> Iterator[Started]:
    with started(folder, "--at-once", "9", "--queue", "400", "--in-flight", "small=5") as running:
        yield running


async def post(http: httpx.AsyncClient, url: str, key: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return (await http.post(url + CHAT, json=body(), headers=headers)).status_code


def ask(url: str, count: int, key: str | None = None) -> list[int]:
    """Send requests at once, each over its own connection, and return the statuses."""

    async def run() -> list[int]:
        limits = httpx.Limits(max_connections=count)
        async with httpx.AsyncClient(limits=limits, timeout=SECONDS) as http:
            return await asyncio.gather(*(post(http, url, key) for _ in range(count)))

    return asyncio.run(run())


def metrics(url: str, key: str | None = None) -> Counter[tuple[str, str]]:
    """Return the sum of each metric, by its name and route."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    text = httpx.get(f"{url}/metrics", headers=headers).text
    found: Counter[tuple[str, str]] = Counter()
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name, one.labels.get("route", "")] += one.value
    return found


def test_both_answer_and_the_metrics_are_those_of_both(
    server: Started, keys: dict[str, str]
) -> None:
    before = metrics(server.url, keys["free"])
    with httpx.Client() as idle:
        idle.get(server.url + "/healthz")

        async def run() -> tuple[list[int], list[int]]:
            limits = httpx.Limits(max_connections=MANY, max_keepalive_connections=MANY)
            async with httpx.AsyncClient(limits=limits, timeout=SECONDS) as http:
                sent = (post(http, server.url, keys["free"]) for _ in range(MANY))
                statuses = await asyncio.gather(*sent)
                return statuses, [server.clients_of(worker) for worker in server.workers]

        statuses, clients = asyncio.run(run())
    assert statuses == [200] * MANY and len(clients) == 2 and min(clients) > MANY / 5
    wait_until(lambda: len([line for line in server.log if line["status"] == 200]) >= MANY)
    for _ in range(8):  # whichever answers
        after = metrics(server.url, keys["free"])
        assert after["cope_requests_running", ""] == after["cope_requests_waiting", ""] == 0
        assert after["cope_rounds_total", ""] - before["cope_rounds_total", ""] == MANY
        for name in ("cope_requests_total", "cope_request_seconds_count"):
            assert after[name, CHAT] - before[name, CHAT] == MANY


def test_no_more_are_answered_and_asked_at_once_than_the_options_say(
    server: Started, keys: dict[str, str]
) -> None:
    server.upstream.most = 0
    server.upstream.open.clear()
    found: list[Counter[tuple[str, str]]] = []

    async def run() -> list[int]:
        limits = httpx.Limits(max_connections=MANY)
        async with httpx.AsyncClient(limits=limits, timeout=SECONDS) as http:
            sent = [asyncio.create_task(post(http, server.url, keys["free"])) for _ in range(MANY)]
            while server.upstream.running < 5:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)  # more would have come by now
            found.append(await asyncio.to_thread(metrics, server.url, keys["free"]))
            server.upstream.open.set()
            return await asyncio.gather(*sent)

    assert asyncio.run(run()) == [200] * MANY
    assert server.upstream.most == 5
    (held,) = found
    assert held["cope_requests_running", ""] == 9
    assert held["cope_requests_waiting", ""] == MANY - 9


def test_the_requests_in_flight_of_a_key_are_those_of_all_processes(
    server: Started, keys: dict[str, str]
) -> None:
    server.upstream.open.clear()

    async def run() -> list[int]:
        limits = httpx.Limits(max_connections=MANY)
        async with httpx.AsyncClient(limits=limits, timeout=SECONDS) as http:
            sent = [asyncio.create_task(post(http, server.url, keys["four"])) for _ in range(MANY)]
            while sum(task.done() for task in sent) < MANY - 4:
                await asyncio.sleep(0.01)
            server.upstream.open.set()
            return await asyncio.gather(*sent)

    assert Counter(asyncio.run(run())) == {200: 4, 429: MANY - 4}
    for _ in range(3):
        assert ask(server.url, 1, keys["four"]) == [200]


def test_the_requests_a_minute_of_a_key_are_those_of_all_processes(
    server: Started, keys: dict[str, str]
) -> None:
    assert Counter(ask(server.url, MANY, keys["seven"])) == {200: 7, 429: MANY - 7}


def test_lines_of_the_log_do_not_mix_and_the_address_is_said_once(server: Started) -> None:
    assert [line for line in server.messages if "serving" in line] == server.messages
    assert len(server.messages) == 1 and len(server.log) > MANY  # each was read as JSON
    assert len({line["id"] for line in server.log}) == len(server.log)


def test_a_killed_process_is_replaced_and_sigterm_lets_requests_end(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        assert ask(server.url, 40) == [200] * 40
        assert list(tmp_path.glob("cope-metrics-*"))
        killed = server.workers[0]
        server.upstream.open.clear()
        killed.kill()
        wait_until(lambda: len(server.workers) == 2 and killed not in server.workers)
        server.upstream.open.set()
        assert ask(server.url, 40) == [200] * 40
        wait_until(lambda: len(server.log) == 80)
        after = metrics(server.url)
        assert after["cope_requests_total", CHAT] == 80
        assert after["cope_requests_running", ""] == 0
        (line,) = [line for line in server.messages if "worker" in line]
        assert str(killed.pid) in line and "SIGKILL" in line

        workers = server.workers
        server.upstream.open.clear()

        async def run() -> tuple[int, int]:
            async with httpx.AsyncClient(timeout=SECONDS) as http:
                held = asyncio.create_task(post(http, server.url))
                while not server.upstream.running:
                    await asyncio.sleep(0.01)
                server.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.5)
                refused = await _refused(server.url)
                server.upstream.open.set()
                return await held, refused

        held, refused = asyncio.run(run())
        assert held == 200 and refused == 503
        assert server.process.wait(SECONDS) == 0
        assert not any(worker.is_running() for worker in workers)
    assert server.messages[-1] == "stopped" and "Traceback" not in "\n".join(server.lines)
    assert not list(tmp_path.glob("cope-metrics-*"))


def test_killed_processes_keep_no_request_of_a_key_out(tmp_path: Path) -> None:
    key = Accounts(tmp_path / "keys.sqlite").add("mary", Limits(in_flight=2))
    with started(tmp_path) as server:
        server.upstream.open.clear()

        async def kill_both() -> list[int | BaseException]:
            async with httpx.AsyncClient(timeout=SECONDS) as http:
                sent = [asyncio.create_task(post(http, server.url, key)) for _ in range(2)]
                while server.upstream.running < 2:
                    await asyncio.sleep(0.01)
                assert await post(http, server.url, key) == 429
                for worker in server.workers:
                    worker.kill()
                return await asyncio.gather(*sent, return_exceptions=True)

        for lost in asyncio.run(kill_both()):
            assert isinstance(lost, httpx.TransportError)
        server.upstream.open.set()
        assert ask(server.url, 1, key) + ask(server.url, 1, key) == [200, 200]
        server.upstream.open.clear()
        server.upstream.most = 0

        async def hold_two() -> list[int]:
            async with httpx.AsyncClient(timeout=SECONDS) as http:
                sent = [asyncio.create_task(post(http, server.url, key)) for _ in range(9)]
                while sum(task.done() for task in sent) < 7:
                    await asyncio.sleep(0.01)
                server.upstream.open.set()
                return await asyncio.gather(*sent)

        assert Counter(asyncio.run(hold_two())) == {200: 2, 429: 7}
        assert server.end() == 0


async def _refused(url: str) -> int:
    """Return the status of a new request while the server drains; the idle worker has left."""
    while True:
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            try:
                return await post(http, url)
            except httpx.TransportError:
                continue


@pytest.mark.parametrize("is_ready", [True, False])
def test_ctrl_c_at_the_terminal_is_one_quiet_end(tmp_path: Path, is_ready: bool) -> None:
    """The terminal sends SIGINT to its whole group of processes."""
    with started(tmp_path) as server:
        if not is_ready:  # the one that takes the place of another does not answer yet
            server.workers[0].kill()
            wait_until(lambda: any("worker 1" in line for line in server.messages))
            wait_until(lambda: len(server.workers) == 2)
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.process.wait(SECONDS) == 0
    assert server.messages[-1] == "stopped" and "Traceback" not in "\n".join(server.lines)
    assert len(server.messages) == (2 if is_ready else 3)


def test_processes_end_when_the_first_one_is_killed(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        workers: list[Any] = server.workers
        assert ask(server.url, 10) == [200] * 10
        assert list(tmp_path.glob("cope-metrics-*"))
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        wait_until(lambda: not any(worker.is_running() for worker in workers))
    assert not list(tmp_path.glob("cope-metrics-*"))


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """The port is taken, which is known before a process is started."""
    with started(tmp_path) as server:
        second = started(tmp_path, "--port", str(server.port))
        with pytest.raises(AssertionError, match=f"cannot serve at .*:{server.port}"), second:
            pass
        assert ask(server.url, 1) == [200]
