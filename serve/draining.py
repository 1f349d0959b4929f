"""A server that finishes what it began before it stops."""

import time

import uvicorn

from .places import STOPPING, Places


class DrainingServer(uvicorn.Server):
    """A server that refuses new requests while it finishes those that run.

    After the first signal it still listens, so that new requests get status 503 and `/readyz` says
    that it stops. It ends when the last request has ended, or after a time, when what still runs is
    cancelled. A second signal ends it at once.

    Args:
        config: the settings of uvicorn.
        places: which requests run and wait.
        grace: seconds that running requests have.
    """

    def __init__(self, config: uvicorn.Config, places: Places, grace: float) -> None:
        super().__init__(config)
        self._places, self._grace = places, grace
        self._deadline: float | None = None

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to stop. The signal is not raised again, so that the command ends with status 0."""
        if self._deadline is not None:
            self.should_exit = self.force_exit = True
            return
        self._places.state = STOPPING
        self._deadline = time.monotonic() + self._grace

    async def on_tick(self, counter: int) -> bool:
        """Return whether the server ends now; uvicorn asks ten times a second."""
        ends = await super().on_tick(counter)
        if self._deadline is None:
            return ends
        is_idle = not self._places.running and not self._places.waiting
        return ends or is_idle or time.monotonic() >= self._deadline
