"""Let calls through while their cost stays within a limit, one round beyond it at most."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from .admission import Halt
from .call import Call
from .scope import in_scope, scoped

Round = object
"""The round of a call. A call outside of rounds is a round of its own."""


def ignore_call(call: Call) -> None:
    """Do nothing with a call."""


@dataclass
class SpendingGate:
    """Lets calls through whose cost is within a limit.

    A call is let through at once if its cost at most fits into what is left. That is often many
    times the real cost. So one round at a time may also make calls that may not fit. Together, no
    more is spent than the limit and the cost of one round.

    Args:
        limit: returns the limit in USD.
        spent: returns what the ended calls cost.
        stopped: called when the limit is reached; returns the exception to raise.
        on_end: receives every call that ended.
        on_answer: receives every call that was answered and saved. It raises an error if the cost
            cannot be known.
    """

    limit: Callable[[], float]
    spent: Callable[[], float]
    stopped: Callable[[], Halt]
    on_end: Callable[[Call], None] = ignore_call
    on_answer: Callable[[Call], None] = ignore_call
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _in_flight: dict[int, tuple[Round, float]] = field(default_factory=dict)
    _holder: Round | None = None
    _tickets: int = 0
    _waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = field(
        default_factory=list
    )

    @property
    def calls_in_flight(self) -> int:
        """The number of calls that were let through and did not end yet."""
        return len(self._in_flight)

    async def enter(self, most: float) -> int:
        """Wait until a call may be made.

        Args:
            most: the cost of the call at most; infinite if it is not known.

        Returns:
            A ticket for `leave`.

        Raises:
            Halt: when the limit is reached.
        """
        round_: Round = in_scope("budget_round") or object()
        while True:
            with self._lock:
                if self._admits(round_, most):
                    self._tickets += 1
                    self._in_flight[self._tickets] = round_, most
                    return self._tickets
                if self.spent() >= self.limit():
                    break
                changed = self._next_change()
            await changed
        raise self.stopped()

    def _admits(self, round_: Round, most: float) -> bool:
        if self._holder is round_:
            return True
        others = sum(bound for other, bound in self._in_flight.values() if other is not round_)
        own = sum(bound for other, bound in self._in_flight.values() if other is round_)
        left = self.limit() - self.spent() - others
        if most <= left - own:
            return True
        if self._holder is None and left > 0:
            self._holder = round_
            return True
        return False

    def leave(self, ticket: int, call: Call) -> None:
        """Book a call that ended.

        Args:
            ticket: from `enter`.
            call: the call.
        """
        self.on_end(call)
        with self._lock:
            round_, _ = self._in_flight.pop(ticket)
        if in_scope("budget_round") is not round_:
            self.end_round(round_)
        self._wake()

    def check(self) -> None:
        """Raise an error if no further round may start.

        Raises:
            Halt: when the limit is reached.
        """
        if self.spent() >= self.limit():
            raise self.stopped()

    def end_round(self, round_: Round) -> None:
        """Let another round make calls that may not fit."""
        with self._lock:
            if self._holder is round_:
                self._holder = None
        self._wake()

    def _next_change(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop, future))
        return future

    def _wake(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_finish, future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def use_gate(gate: SpendingGate | None) -> AbstractContextManager[None]:
    """Let the calls made inside through a gate; None lets all of them through."""
    return scoped("spending_gate", gate)


def current_gate() -> SpendingGate | None:
    """Return the gate of the current context."""
    return in_scope("spending_gate")


@contextmanager
def budget_round() -> Iterator[None]:
    """Make the calls inside one round for a budget, which is checked before.

    Raises:
        Halt: when the budget is used up.
    """
    gate = current_gate()
    if gate is None or in_scope("budget_round") is not None:
        yield
        return
    gate.check()
    round_ = object()
    try:
        with scoped("budget_round", round_):
            yield
    finally:
        gate.end_round(round_)
