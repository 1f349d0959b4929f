"""The synchronous face of asynchronous code: from scripts, threads, notebooks, forked processes, and when interrupted."""

import asyncio
import contextvars
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cope.models.event_loop import run_sync

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


async def see() -> str:
    await asyncio.sleep(0)
    return colour.get()


async def fail(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


def test_gives_the_result():
    assert run_sync(double(21)) == 42


def test_runs_on_one_thread_that_is_not_the_callers():
    async def here() -> threading.Thread:
        return threading.current_thread()

    with ThreadPoolExecutor(4) as pool:
        threads = {*pool.map(lambda _: run_sync(here()), range(8)), run_sync(here())}
    assert len(threads) == 1 and threads.pop() is not threading.main_thread()


def test_works_where_a_loop_already_runs():
    async def notebook_cell() -> int:
        return run_sync(double(4))

    assert asyncio.run(notebook_cell()) == 8


def test_works_in_many_threads_at_once():
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda x: run_sync(double(x)), range(40))) == [
            2 * x for x in range(40)
        ]


def test_the_callers_context_is_seen_and_not_changed():
    async def paint() -> str:
        seen = colour.get()
        colour.set("red")
        return seen

    token = colour.set("blue")
    try:
        assert run_sync(paint()) == "blue"
        assert run_sync(see()) == "blue"
    finally:
        colour.reset(token)
    assert run_sync(see()) == "none"


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()]
)
def test_an_error_reaches_the_caller_and_the_loop_continues(error: BaseException):
    # A cancellation arrives as the one of concurrent.futures, whose class is another.
    expected = type(error) if not isinstance(error, asyncio.CancelledError) else BaseException
    with pytest.raises(expected) as caught:
        run_sync(fail(error))
    assert type(caught.value).__name__ == type(error).__name__
    assert run_sync(double(1)) == 2


def test_refuses_to_wait_for_itself():
    async def nested() -> int:
        return run_sync(double(1))

    with pytest.raises(RuntimeError, match="await it there"):
        run_sync(nested())


def test_an_interrupt_cancels_the_work():
    started, ended = threading.Event(), threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    def interrupt() -> None:
        started.wait(10)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run_sync(work())
    assert ended.wait(10)


def test_works_after_a_fork():
    code = """
import os
from cope.models.event_loop import run_sync
async def one(): return 1
assert run_sync(one()) == 1
child = os.fork()
if not child:
    os._exit(run_sync(one()) - 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
