"""Which way to request samples is quicker, learned from the rounds of this process.

Each way is tried on some rounds, and the one with fewer seconds for each sample that a round used
is kept. Both ways give the same decisions, so that no result depends on what is learned.
"""

import statistics
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field

from .call import Call

TRIED = 3
"""Rounds that are begun in each way before one is chosen."""

REMEMBERED = 20
"""Rounds of each way whose seconds count: the latest."""

MARGIN = 0.1
"""How much quicker the other way has to be, as a share of the seconds, to be taken instead."""

RoundKind = tuple[str, int]
"""Rounds that are compared: the role of the calls that share a prompt, and the samples."""


@dataclass
class _Way:
    """The rounds whose samples were requested in one way.

    Attributes:
        begun: their number.
        paces: the seconds for each sample, of those that are finished.
    """

    begun: int = 0
    paces: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class _Ways:
    """Both ways for one kind of rounds.

    Args:
        takes_batch: whether one request draws several samples at first.
    """

    def __init__(self, takes_batch: bool) -> None:
        self._takes_batch = takes_batch
        self._ways = {True: _Way(), False: _Way()}

    def begin(self) -> bool:
        """Begin a round, and return whether one request is to draw several of its samples."""
        is_batch = self._choose()
        self._ways[is_batch].begun += 1
        return is_batch

    def _choose(self) -> bool:
        taken, other = self._ways[self._takes_batch], self._ways[not self._takes_batch]
        if taken.begun < TRIED:
            return self._takes_batch
        if other.begun < TRIED:
            return not self._takes_batch
        if taken.paces and other.paces:
            limit = (1 - MARGIN) * statistics.median(taken.paces)
            if statistics.median(other.paces) < limit:
                self._takes_batch = not self._takes_batch
        return self._takes_batch

    def add(self, is_batch: bool, pace: float) -> None:
        self._ways[is_batch].paces.append(pace)


@dataclass
class SamplingSpeed:
    """The seconds of both ways to request samples, by kind of rounds.

    Attributes:
        clock: returns the time in seconds.
    """

    clock: Callable[[], float] = time.perf_counter
    _kinds: dict[RoundKind, _Ways] = field(default_factory=dict)

    def begin(self, kind: RoundKind, prefers_batch: bool) -> "RoundTimer":
        """Choose the way for the next round, and return what measures its seconds.

        Args:
            kind: the kind of the round.
            prefers_batch: the way that is taken until both are known.

        >>> SamplingSpeed().begin(("reason", 8), prefers_batch=True).is_batch
        True
        """
        ways = self._kinds.setdefault(kind, _Ways(prefers_batch))
        return RoundTimer(self.clock, ways, ways.begin())


class RoundTimer:
    """Measures the seconds of a round while its samples are drawn.

    Attributes:
        is_batch: whether one request draws several of its samples.
    """

    def __init__(self, clock: Callable[[], float], ways: _Ways, is_batch: bool) -> None:
        self.is_batch = is_batch
        self._clock, self._ways = clock, ways
        self._calls = 0
        self._seconds = 0.0
        self._token: Token[RoundTimer | None] | None = None

    def start(self) -> None:
        """Begin to measure, and to count the calls of this context."""
        self._token = _timer.set(self)
        self._seconds = -self._clock()

    def stop(self) -> None:
        """End what `start` began."""
        self._seconds += self._clock()
        if self._token is not None:
            _timer.reset(self._token)

    def add_call(self, call: Call) -> None:
        """Count a finished call, unless a cache answered it."""
        self._calls += not call.cache_hit

    def count(self, samples: int) -> None:
        """Take note of how many samples decided the round.

        A round with replies of a cache, or of an interrupted run, tells nothing.
        """
        if samples and self._calls >= samples:
            self._ways.add(self.is_batch, self._seconds / samples)


_timer: ContextVar[RoundTimer | None] = ContextVar("cope_round_timer", default=None)


def time_call(call: Call) -> None:
    """Count a finished call for the round of the current context."""
    timer = _timer.get()
    if timer is not None:
        timer.add_call(call)
