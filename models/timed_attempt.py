"""One attempt of a request: the tier's turn, the limit of time, and the seconds of its call."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import dspy

from .call import Call
from .called_model import CalledModel
from .history import usage_is_reported
from .server_waits import SERVER_WAITS


@asynccontextmanager
async def timed_attempt(call: Call, lm: CalledModel) -> AsyncIterator[None]:
    """Wait for the tier's turn, limit the time inside, and add it to the call.

    Raises:
        dspy.LMTimeoutError: when the request inside takes too long.
    """
    runtime = lm.runtime
    timeout = runtime.timeout if lm.asks_server else None
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runtime.semaphore)
        if runtime.scheduler:
            await stack.enter_async_context(runtime.scheduler.turn(lm.tier))
        stack.enter_context(usage_is_reported())
        if lm.asks_server:
            stack.enter_context(SERVER_WAITS.request(lm.tier))
        started = time.perf_counter()
        share = runtime.machine_time.start(lm.model)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                yield
        except TimeoutError:
            if limit.expired():
                raise dspy.LMTimeoutError(
                    f"no whole reply within {timeout:g} s, the limit of --timeout",
                    model=lm.model,
                ) from None
            raise
        finally:
            share = runtime.machine_time.stop(share, lm.model)
            call.machine_seconds = (call.machine_seconds or 0.0) + share
            call.seconds = (call.seconds or 0.0) + time.perf_counter() - started
