"""Limits of a key that several processes count together."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cope.serve.accounts import EVERYBODY, Account, Accounts, Limits
from cope.serve.errors import ApiError
from cope.serve.in_flight import InFlight, InFlightHere, InFlightTogether, make_in_flight

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")

FORK = multiprocessing.get_context("fork") if hasattr(os, "fork") else None
PROCESSES = 4


def account(path: Path, limits: Limits) -> Account:
    Accounts(path).add("mary", limits)
    return Account("mary", limits, "")


@contextmanager
def processes(work: Callable[..., object], *given: Any) -> Iterator[list[Any]]:
    """Do the same work in several processes; they must end well."""
    started = [FORK.Process(target=work, args=given) for _ in range(PROCESSES)]
    for process in started:
        process.start()
    yield started
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * PROCESSES


def is_let_in(in_flight: InFlight, who: Account) -> bool:
    try:
        in_flight.enter(who)
    except ApiError:
        return False
    return True


def enter_and_leave(path: Path, who: Account, inside: Any, most_inside: Any, all_here: Any) -> None:
    in_flight = InFlightTogether(Accounts(path).database)
    all_here.wait()
    first = is_let_in(in_flight, who)
    with inside.get_lock():
        inside.value += first
    all_here.wait()
    assert inside.value == 2  # of four at once
    all_here.wait()
    if first:
        with inside.get_lock():
            inside.value -= 1
        in_flight.leave(who)
    for _ in range(60):
        if not is_let_in(in_flight, who):
            continue
        with inside.get_lock():
            inside.value += 1
            most_inside.value = max(most_inside.value, inside.value)
        os.sched_yield()
        with inside.get_lock():
            inside.value -= 1
        in_flight.leave(who)


def test_no_more_requests_run_in_all_processes_than_the_key_may_have(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    who = account(path, Limits(in_flight=2))
    inside, most_inside = (FORK.Value("i", 0) for _ in range(2))
    all_here = FORK.Barrier(PROCESSES)
    with processes(enter_and_leave, path, who, inside, most_inside, all_here):
        pass
    assert inside.value == 0 and 1 <= most_inside.value <= 2
    total = Accounts(path).database.execute("SELECT TOTAL(count) FROM running").fetchone()[0]
    assert total == 0


def hold(path: Path, who: Account, entered: Any) -> None:
    in_flight = InFlightTogether(Accounts(path).database)
    in_flight.enter(who)
    entered.release()
    signal.pause()


@pytest.mark.parametrize("is_reaped", [True, False])
def test_a_killed_process_keeps_no_request_out_and_a_running_one_does(
    tmp_path: Path, is_reaped: bool
) -> None:
    path = tmp_path / "keys.sqlite"
    who = account(path, Limits(in_flight=2))
    entered = FORK.Semaphore(0)
    holders = [FORK.Process(target=hold, args=(path, who, entered)) for _ in range(2)]
    for process in holders:
        process.start()
        entered.acquire()
    in_flight = InFlightTogether(Accounts(path).database)
    try:
        with pytest.raises(ApiError, match="2 requests in flight"):
            in_flight.enter(who)
        os.kill(holders[0].pid, signal.SIGKILL)
        # Its exit is seen, but its id is taken until somebody asks how it ended.
        os.waitid(os.P_PID, holders[0].pid, os.WEXITED | (0 if is_reaped else os.WNOWAIT))
        in_flight.enter(who)
        with pytest.raises(ApiError):
            in_flight.enter(who)
        in_flight.leave(who)
        in_flight.enter(who)
    finally:
        for process in holders:
            process.kill()
            process.join()


def test_another_process_with_the_same_id_is_not_the_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    who = account(path, Limits(in_flight=1))
    database = Accounts(path).database
    in_flight = InFlightTogether(database)
    database.execute("INSERT INTO running VALUES ('mary', ?, 1000.0, 1)", (os.getppid(),))
    in_flight.enter(who)


@pytest.mark.parametrize("who", [None, Account("mary", Limits(per_minute=1), "")])
def test_a_key_without_the_limit_asks_nothing_of_the_file(who: Account | None) -> None:
    database = Accounts(":memory:").database
    in_flight = InFlightTogether(database)
    statements: list[str] = []
    database.set_trace_callback(statements.append)
    in_flight.enter(who)
    in_flight.leave(who)
    assert statements == []


def test_one_process_counts_in_memory() -> None:
    accounts = Accounts(":memory:")
    assert isinstance(make_in_flight(accounts, 1), InFlightHere)
    assert isinstance(make_in_flight(accounts, 2), InFlightTogether)


def send(path: Path, who: Account, allowed: Any) -> None:
    accounts = Accounts(path)
    for _ in range(30):
        try:
            accounts.count_request(who)
        except ApiError:
            continue
        with allowed.get_lock():
            allowed.value += 1


def test_requests_a_minute_are_exact_over_processes(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    who = account(path, Limits(per_minute=50))
    allowed = FORK.Value("i", 0)
    with processes(send, path, who, allowed):
        pass
    assert allowed.value == 50


def spend(path: Path, who: Account, calls: Any) -> None:
    """Make calls of a dollar, each after a look at what is left, as the server does."""
    accounts = Accounts(path)
    gate = accounts.gate(who, None)

    async def run() -> None:
        while gate.limit() > 0:
            accounts.book(who.name, 1.0)
            with calls.get_lock():
                calls.value += 1

    asyncio.run(run())


def test_money_is_booked_by_all_processes_and_ends_for_all(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    who = account(path, Limits(total_usd=40.0))
    calls = FORK.Value("i", 0)
    with processes(spend, path, who, calls):
        pass
    assert 40 <= calls.value < 40 + PROCESSES  # those that were on their way
    assert Accounts(path).spent("mary") == Accounts(path).spent(EVERYBODY) == calls.value
