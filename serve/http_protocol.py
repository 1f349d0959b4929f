"""HTTP connections: clients must send the head of a request in time; replies take few packets."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_GATHERED = 65_536
"""Bytes that wait for the end of a turn at most, so that a slow client stops its sender."""


class GatheredWrites:
    """A transport that sends together what is written in one turn of the event loop.

    The head and the body of a reply are written apart, and each packet costs the processor as much
    as a twentieth of a request.

    Args:
        transport: sends the data.
        loop: the event loop of the connection.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send data at the end of this turn."""
        if not data:
            return
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_GATHERED:
            self._flush()

    def close(self) -> None:
        """Send what was written, and close the connection."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._transport.write(data)


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
        gathered: Any = GatheredWrites(transport, self.loop)
        super().connection_made(gathered)
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
