"""How many requests are answered at once, and how many may wait."""

import asyncio
from collections.abc import Callable

from .errors import busy, not_ready

READY, LOADING, STOPPING = "ready", "loading", "stopping"


class Places:
    """A bounded queue in front of a number of places.

    Args:
        count: requests that are answered at once.
        queue: requests that may wait.

    Attributes:
        running: requests that are answered now.
        waiting: requests that wait.
        state: `ready`; `loading` while models are loaded, `stopping` while the server stops.
        on_change: called when the number of running or waiting requests has changed.
    """

    def __init__(self, count: int, queue: int) -> None:
        self._places = asyncio.Semaphore(count)
        self.queue = queue
        self.running = 0
        self.waiting = 0
        self.state = READY
        self.on_change: Callable[[], None] = lambda: None

    @property
    def is_free(self) -> bool:
        """Whether a request that comes now need not wait."""
        return not self._places.locked()

    async def take(self) -> None:
        """Wait for a place, which the caller gives back with `give_back`.

        Raises:
            ApiError: 429 when the queue is full, 503 while models are loaded or the server stops.
        """
        if self.state != READY:
            raise not_ready(self.state)
        if self._places.locked() and self.waiting >= self.queue:
            raise busy(self.queue)
        self.waiting += 1
        self.on_change()
        try:
            await self._places.acquire()
            self.running += 1
        finally:
            self.waiting -= 1
            self.on_change()

    def give_back(self) -> None:
        """Give a place back."""
        self.running -= 1
        self._places.release()
        self.on_change()
