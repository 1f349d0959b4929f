"""One attempt of a request: the tier's turn, the limit of time, and the seconds of its call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import dspy

from .call import Call
from .called_model import CalledModel
from .history import usage_is_reported
from .server_waits import SERVER_WAITS

Made = TypeVar("Made")


async def timed_attempt(
    call: Call, lm: CalledModel, attempt: Callable[[], Awaitable[Made]]
) -> Made:
    """Make an attempt when it is the tier's turn, limit its time, and add the time to the call.

    Raises:
        dspy.LMTimeoutError: when the attempt takes too long.
    """
    runtime = lm.runtime
    async with runtime.semaphore:
        if runtime.scheduler is None:
            return await _timed(call, lm, attempt)
        async with runtime.scheduler.turn(lm.tier):
            return await _timed(call, lm, attempt)


async def _timed(call: Call, lm: CalledModel, attempt: Callable[[], Awaitable[Made]]) -> Made:
    runtime, asks_server = lm.runtime, lm.asks_server
    if asks_server:
        SERVER_WAITS.begin(lm.tier)
    started = time.perf_counter()
    share = runtime.machine_time.start(lm.model)
    limit = asyncio.timeout(runtime.timeout if asks_server else None)
    try:
        with usage_is_reported():
            async with limit:
                return await attempt()
    except TimeoutError:
        if limit.expired():
            raise dspy.LMTimeoutError(
                f"no whole reply within {runtime.timeout:g} s, the limit of --timeout",
                model=lm.model,
            ) from None
        raise
    finally:
        share = runtime.machine_time.stop(share, lm.model)
        call.machine_seconds = (call.machine_seconds or 0.0) + share
        call.seconds = (call.seconds or 0.0) + time.perf_counter() - started
        if asks_server:
            SERVER_WAITS.end(lm.tier)
