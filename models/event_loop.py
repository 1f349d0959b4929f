"""One background event loop, so that synchronous code can run the asynchronous code everywhere.

DSPy's Evaluate and its optimizers are synchronous and use threads, and notebooks already run a
loop. In all of them `run_sync` runs the coroutine on one loop in its own thread, with the caller's
context variables (DSPy's settings, MLflow's open span).
"""

import asyncio
import contextvars
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _background_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run_loop, args=(_loop,), name="cope-loop", daemon=True).start()
        return _loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    while True:
        # A task that exits also stops the loop. Its caller gets the exit, and the loop continues.
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
            return


def _after_fork() -> None:
    """Forget the loop in a forked process, which has the loop but not its thread."""
    global _lock, _loop
    _lock, _loop = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and return its result, from any thread, even one with a running loop.

    The coroutine sees the caller's context variables. An interrupt (Ctrl-C) in the caller cancels
    it.

    Raises:
        RuntimeError: when called on the background loop itself, where it would wait forever.

    >>> async def double(x): return 2 * x
    >>> run_sync(double(21))
    42
    """
    loop = _background_loop()
    try:
        on_background_loop = asyncio.get_running_loop() is loop
    except RuntimeError:
        on_background_loop = False
    if on_background_loop:
        work.close()
        raise RuntimeError(
            "run_sync was called from this package's asynchronous code: await it there instead"
        )

    outcome: Future[T] = Future()
    tasks: list[asyncio.Task[T]] = []

    def done(task: asyncio.Task[T]) -> None:
        if task.cancelled():
            outcome.cancel()
            return
        error = task.exception()
        if error:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def cancel() -> None:
        for task in tasks:
            task.cancel()

    def start() -> None:
        task = loop.create_task(work)
        tasks.append(task)
        task.add_done_callback(done)

    try:
        loop.call_soon_threadsafe(start, context=contextvars.copy_context())
        return outcome.result()
    except BaseException:
        loop.call_soon_threadsafe(cancel)
        raise
