"""HTTP connections: clients must send the head of a request in time; replies take few packets."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_GATHERED = 65_536
"""Bytes that wait for the end of a turn at most, so that a slow client stops its sender."""

MOST_OF_HEAD = 64_000
"""Bytes of the address and the headers of a request."""

_TOO_LONG = f"the head has more than {MOST_OF_HEAD:,} bytes"


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


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose client does not finish the head of a request, or sends a long one.

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
        self._head_has_begun = False
        self._head_size = self._unreported = 0

    def connection_made(self, transport: Any) -> None:
        gathered: Any = GatheredWrites(transport, self.loop)
        super().connection_made(gathered)
        self._watch()

    def data_received(self, data: bytes) -> None:
        had_begun = self._head_has_begun
        super().data_received(data)
        if had_begun and self._head_has_begun:  # the parser reports a header when it is complete
            self._unreported += len(data)
            if self._unreported > MOST_OF_HEAD and not self.transport.is_closing():
                self.send_400_response(_TOO_LONG)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_has_begun = True
        self._head_size = self._unreported = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_has_begun = False
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        """Count bytes of a head; the parser answers an error with status 400."""
        self._head_size += size
        if self._head_size > MOST_OF_HEAD:
            raise ValueError(_TOO_LONG)

    def _watch(self) -> None:
        """Start the timer where a head is expected, and stop it where a reply is."""
        is_answered = self.cycle is None or self.cycle.response_complete
        if not (is_answered or self._head_has_begun):
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._patience, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
