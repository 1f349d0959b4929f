"""HTTP connections whose clients must send the head of a request in time."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Closes a connection whose client does not finish the head of a request.

    Without it clients that send a byte now and then would hold connections for ever. A connection
    that waits for its next request is closed sooner by uvicorn itself.

    Args:
        patience: seconds that a head may take.
        settings: those of uvicorn.
    """

    def __init__(self, patience: float, **settings: Any) -> None:
        super().__init__(**settings)
        self._patience = patience
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Start the timer where a head is expected, and stop it where one is complete."""
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._patience, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
