"""Several servers of one model: which of them gets a request, and which of them are left out.

A request goes to the server with the fewest requests in flight. A server that does not answer is
left out for a time, and the request goes to another one at once. When none answers, the request
fails as with a single server.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from dspy._vendor.lm15.transports import TransportError

from ..errors import first_line
from ..util.text import format_duration

PAUSE_SECONDS = 30.0
"""How long a server that does not answer is left out."""

_NO_MODEL = (502, 503, 504)
"""The statuses of a proxy whose model does not answer."""

_log = logging.getLogger(__name__)


class _Reply(Protocol):
    @property
    def status(self) -> int: ...


Reply = TypeVar("Reply", bound=_Reply)


@dataclass
class _Server:
    """A server.

    Attributes:
        address: where it is.
        in_flight: its requests.
        out_until: when it is asked again; 0 for a server that answers.
    """

    address: str
    in_flight: int = 0
    out_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count a request in flight inside."""
        with self._lock:  # event loops of several threads share it
            self.in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self.in_flight -= 1


class ServerPool:
    """The servers of a tier.

    Args:
        addresses: of the servers, at least one.
        timeout: seconds after which a request without a reply is stopped; None for no limit.
        failures: the errors that say that a server does not answer.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        timeout: float | None = None,
        failures: tuple[type[Exception], ...] = (TransportError, ConnectionError),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = [_Server(address) for address in addresses]
        self._timeout, self._failures, self._clock = timeout, failures, clock

    def __reduce__(self) -> tuple[type["ServerPool"], tuple[object, ...]]:
        """Pickle the addresses: another process finds out by itself which servers answer."""
        return type(self), (self.addresses, self._timeout, self._failures)

    @property
    def addresses(self) -> list[str]:
        """The addresses of the servers, as they were given."""
        return [server.address for server in self._servers]

    @asynccontextmanager
    async def reply(
        self, ask: Callable[[str], AbstractAsyncContextManager[Reply]]
    ) -> AsyncIterator[Reply]:
        """Yield the reply of the first server that answers.

        Args:
            ask: sends the request to the server at an address.

        Raises:
            Exception: what `ask` raises for the last server.
        """
        async with AsyncExitStack() as stack:
            server, reply = await self._ask_in_turn(ask, stack)
            try:
                yield reply
            except self._failures as error:
                self._leave_out(server, first_line(error, 80))
                raise

    async def _ask_in_turn(
        self, ask: Callable[[str], AbstractAsyncContextManager[Reply]], stack: AsyncExitStack
    ) -> tuple[_Server, Reply]:
        """Return the server that answers and its reply, which the stack closes."""
        untried = list(self._servers)
        while True:
            server = self._next(untried)
            untried.remove(server)
            async with AsyncExitStack() as attempt:
                started = self._clock()
                attempt.enter_context(server.busy())
                try:
                    reply = await attempt.enter_async_context(ask(server.address))
                except self._failures as error:
                    self._leave_out(server, first_line(error, 80))
                    if not untried:
                        raise
                    continue
                except asyncio.CancelledError:
                    if self._timeout is not None and self._clock() - started >= self._timeout:
                        self._leave_out(server, f"no reply within {self._timeout:g} s")
                    raise
                if reply.status in _NO_MODEL:
                    self._leave_out(server, f"status {reply.status}")
                    if untried:
                        continue
                else:
                    server.out_until = 0.0
                await stack.enter_async_context(attempt.pop_all())
                return server, reply

    def _next(self, untried: Sequence[_Server]) -> _Server:
        """Return the least busy server, or that whose pause ends first where all are left out."""
        now = self._clock()
        answering = [server for server in untried if server.out_until <= now]
        if answering:
            return min(answering, key=lambda server: server.in_flight)
        return min(untried, key=lambda server: server.out_until)

    def _leave_out(self, server: _Server, reason: str) -> None:
        is_news = not server.out_until
        server.out_until = self._clock() + PAUSE_SECONDS
        if is_news:
            pause = format_duration(PAUSE_SECONDS)
            _log.warning(
                f"{_shown(server.address)} does not answer ({reason}): it is left out, and asked "
                f"again after {pause}"
            )


def _shown(address: str) -> str:
    """Return an address without a user and a password."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
