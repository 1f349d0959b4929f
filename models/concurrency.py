"""Limit the requests in flight of each tier, and schedule tiers that share a machine's cores."""

import asyncio
import contextvars
import heapq
import itertools
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from .scope import using


@dataclass(order=True)
class _Waiter:
    """A request that waits on its own event loop. The lowest priority number comes first."""

    priority: int
    arrival: int
    tier: str = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    future: asyncio.Future[None] = field(compare=False)

    def wake(self) -> bool:
        """Wake the request. Return False when its loop is closed, so that it waits no more."""
        try:
            self.loop.call_soon_threadsafe(self._set_result)
        except RuntimeError:
            return False
        return True

    def _set_result(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


_arrivals = itertools.count()


def _new_waiter(tier: str = "", priority: int = 0) -> _Waiter:
    loop = asyncio.get_running_loop()
    return _Waiter(priority, next(_arrivals), tier, loop, loop.create_future())


class TierScheduler:
    """Makes the tiers of one machine alternate; requests of one tier run concurrently.

    Two models of servers that generate at once compete for the cores (measured at more than six
    times slower than alternating on two cores, for Ollama). The active tier stays active while it
    has work, but for no longer than `time_slice` seconds of `clock` once another tier waits. Works
    across threads and event loops.
    """

    def __init__(self, time_slice: float = 5.0, clock: Callable[[], float] = monotonic) -> None:
        self.time_slice = time_slice
        self._clock = clock
        self._lock = threading.Lock()
        self._active: str | None = None
        self._active_since = 0.0
        self._running = 0
        self._waiting: deque[_Waiter] = deque()

    def _may_enter(self, tier: str) -> bool:
        if self._active is None:
            return True
        if self._active != tier:
            return False
        others_wait = any(waiter.tier != tier for waiter in self._waiting)
        return not others_wait or self._clock() - self._active_since < self.time_slice

    def _enter(self, tier: str) -> None:
        if self._active != tier:
            self._activate(tier)
        self._running += 1

    def _activate(self, tier: str) -> None:
        self._active = tier
        self._active_since = self._clock()

    def _hand_over(self) -> None:
        """Activate the tier of the longest waiting request, and wake all requests of that tier."""
        while self._waiting:
            tier = self._waiting[0].tier
            woken: list[_Waiter] = []
            remaining: deque[_Waiter] = deque()
            for waiter in self._waiting:
                (woken if waiter.tier == tier else remaining).append(waiter)
            self._waiting = remaining
            self._activate(tier)
            self._running = sum(waiter.wake() for waiter in woken)
            if self._running:
                return
        self._active = None

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self._hand_over()

    @asynccontextmanager
    async def turn(self, tier: str) -> AsyncIterator[None]:
        """Wait until the tier may generate."""
        waiter: _Waiter | None = None
        with self._lock:
            if self._may_enter(tier):
                self._enter(tier)
            else:
                waiter = _new_waiter(tier)
                self._waiting.append(waiter)
        if waiter is not None:
            await self._wait(waiter)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, waiter: _Waiter) -> None:
        try:
            await waiter.future
            # The request that freed the slot may have decided its round, which needs no other one.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            with self._lock:
                was_waiting = waiter in self._waiting
                if was_waiting:
                    self._waiting.remove(waiter)
            if not was_waiting:
                self._leave()  # it was woken before it was cancelled
            raise


_priority: contextvars.ContextVar[int] = contextvars.ContextVar("cope_priority", default=0)


def with_priority(priority: int) -> AbstractContextManager[None]:
    """Set the priority of requests made inside, in this task and in the tasks that it starts.

    Requests with a lower number come first. The default is 0.
    """
    return using(_priority, priority)


_throughput: contextvars.ContextVar[bool] = contextvars.ContextVar("cope_throughput", default=False)


def favoring_throughput() -> AbstractContextManager[None]:
    """Run many questions inside for the fewest calls, not each of them in the shortest time.

    A sample that its round may not need waits while other questions have samples that they need.
    """
    return using(_throughput, True)


def favors_throughput() -> bool:
    """Return whether many questions are run for the fewest calls."""
    return _throughput.get()


_TURNS = 10
"""Turns of the event loop that a reply takes to be counted as a sample, with some to spare."""


class PrioritySemaphore:
    """Allows at most `size` requests in flight, across threads and event loops.

    Waiting requests are served by priority, and in the order of arrival within a priority.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._free = size
        self._waiting: list[_Waiter] = []

    async def __aenter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            waiter = _new_waiter(priority=_priority.get())
            heapq.heappush(self._waiting, waiter)
        try:
            await waiter.future
        except asyncio.CancelledError:
            with self._lock:
                was_waiting = waiter in self._waiting
                if was_waiting:
                    self._waiting.remove(waiter)
                    heapq.heapify(self._waiting)
            if not was_waiting:
                self._release()  # it got the slot before it was cancelled
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        with self._lock:
            while self._waiting:
                if heapq.heappop(self._waiting).wake():
                    return
            self._free += 1
