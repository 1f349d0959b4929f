"""How many requests are in flight: a bound for each tier, and turns between tiers that share a machine's cores."""

import asyncio
import contextvars
import heapq
import itertools
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic


def _wake(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> bool:
    """Wake a waiter on its own loop; False when that loop was closed, so that nobody waits there any more."""
    try:
        loop.call_soon_threadsafe(lambda: future.done() or future.set_result(None))
    except RuntimeError:
        return False
    return True


class TierScheduler:
    """Lets the tiers of one machine generate in turn; requests of one tier run side by side.

    Two servers' models that generate at once fight for the cores (measured at more than six times slower than in turn
    on two cores, for Ollama). The tier whose turn it is keeps it while it has work, but for no longer than `time_slice`
    seconds of `clock` once another tier waits. Works across threads and event loops.
    """

    def __init__(self, time_slice: float = 5.0, clock: Callable[[], float] = monotonic) -> None:
        self.time_slice = time_slice
        self._clock = clock
        self._lock = threading.Lock()
        self._holder: str | None = None
        self._since = 0.0
        self._running = 0
        self._waiting: deque[tuple[str, asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()

    def _may_enter(self, tier: str) -> bool:
        if self._holder in (None, tier):
            others_wait = any(name != tier for name, _, _ in self._waiting)
            return (
                not others_wait
                or self._holder is None
                or self._clock() - self._since < self.time_slice
            )
        return False

    def _enter(self, tier: str) -> None:
        if self._holder != tier:
            self._holder, self._since = tier, self._clock()
        self._running += 1

    def _hand_over(self) -> None:
        """With nothing running, the turn goes to whoever has waited longest, and to all others of that tier."""
        while self._waiting:
            tier = self._waiting[0][0]
            woken, remaining = [], deque()
            for waiter in self._waiting:
                (woken if waiter[0] == tier else remaining).append(waiter)
            self._waiting = remaining
            self._holder, self._since = tier, self._clock()
            self._running = sum(_wake(loop, future) for _, loop, future in woken)
            if self._running:
                return
        self._holder = None

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self._hand_over()

    @asynccontextmanager
    async def turn(self, tier: str) -> AsyncIterator[None]:
        future: asyncio.Future[None] | None = None
        with self._lock:
            if self._may_enter(tier):
                self._enter(tier)
            else:
                loop = asyncio.get_running_loop()
                future = loop.create_future()
                self._waiting.append((tier, loop, future))
        if future is not None:
            try:
                await future
            except asyncio.CancelledError:
                with self._lock:
                    still_waiting = [w for w in self._waiting if w[2] is future]
                    for waiter in still_waiting:
                        self._waiting.remove(waiter)
                if not still_waiting:
                    self._leave()  # it was chosen before it gave up
                raise
        try:
            yield
        finally:
            self._leave()


@contextmanager
def with_priority(priority: int) -> Iterator[None]:
    """Requests made inside wait behind all those of a lower rank, in this task and in those it starts; 0 otherwise."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)


_priority: contextvars.ContextVar[int] = contextvars.ContextVar("cope_priority", default=0)


class PrioritySemaphore:
    """At most `size` requests in flight, across threads and event loops; the lowest rank first, then first come first served."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._free = size
        self._waiting: list[tuple[int, int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    async def __aenter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            heapq.heappush(self._waiting, (_priority.get(), next(self._arrivals), loop, future))
        try:
            await future
        except asyncio.CancelledError:
            with self._lock:
                others = [w for w in self._waiting if w[3] is not future]
                waited = len(others) < len(self._waiting)
                heapq.heapify(others)
                self._waiting = others
            if not waited:
                self._release()  # the slot was given before the waiter gave up
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        with self._lock:
            while self._waiting:
                if _wake(*heapq.heappop(self._waiting)[2:]):
                    return
            self._free += 1
