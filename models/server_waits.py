"""What requests to servers wait for, as progress displays show it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..util.text import format_duration

SILENT_SECONDS = 20.0
"""The time without a word from a server after which it is called silent."""

_REMIND_SECONDS = 60.0


@dataclass
class _Tier:
    """The requests of one tier.

    Attributes:
        running: requests in flight.
        heard: when the server last sent something, or was asked after a time without requests.
        pauses: when each pause ends that goes before another attempt.
        reported: seconds of silence that were reported.
    """

    running: int = 0
    heard: float = 0.0
    pauses: list[float] = field(default_factory=list)
    reported: float = 0.0


class ServerWaits:
    """The requests in flight of each tier, and their pauses; thread-safe.

    Args:
        clock: returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._tiers: dict[str, _Tier] = {}
        self._lock = threading.Lock()
        self._report: Callable[[str], None] | None = None
        self._watching = False

    @contextmanager
    def request(self, tier: str) -> Iterator[None]:
        """Count a request in flight inside."""
        self.begin(tier)
        try:
            yield
        finally:
            self.end(tier)

    def begin(self, tier: str) -> None:
        """Count a request in flight, until `end`."""
        with self._lock:
            state = self._tiers.setdefault(tier, _Tier())
            if not state.running:
                state.heard, state.reported = self.clock(), 0.0
            state.running += 1
            self._watch()

    def end(self, tier: str) -> None:
        """Count a request as ended."""
        with self._lock:
            state = self._tiers[tier]
            state.running -= 1
            state.heard, state.reported = self.clock(), 0.0

    def heard(self, tier: str) -> None:
        """Take note that a tier's server sent something."""
        with self._lock:
            state = self._tiers.get(tier)
            if state:
                state.heard, state.reported = self.clock(), 0.0

    @contextmanager
    def pause(self, tier: str, seconds: float) -> Iterator[None]:
        """Show inside that a request of a tier is made again after some seconds."""
        end = self.clock() + seconds
        with self._lock:
            state = self._tiers.setdefault(tier, _Tier())
            is_news = end > max(state.pauses, default=0.0) + 1
            state.pauses.append(end)
            report = self._report if is_news else None
        if report:
            report(_pause_text(tier, seconds))
        try:
            yield
        finally:
            with self._lock:
                state.pauses.remove(end)

    def __str__(self) -> str:
        """Return one line about pauses and silent servers; empty when there are none."""
        parts: list[str] = []
        with self._lock:
            now = self.clock()
            for name, state in self._tiers.items():
                silent = now - state.heard
                if state.pauses:
                    parts.append(_pause_text(name, max(0.0, max(state.pauses) - now)))
                elif state.running and silent >= SILENT_SECONDS:
                    parts.append(_silence_text(name, silent))
        return ", ".join(parts)

    def news(self) -> list[str]:
        """Return a line for each server that has become silent, and again after each minute."""
        lines: list[str] = []
        with self._lock:
            now = self.clock()
            for name, state in self._tiers.items():
                silent = now - state.heard
                due = state.reported + _REMIND_SECONDS if state.reported else SILENT_SECONDS
                if state.running and silent >= due:
                    state.reported = silent
                    lines.append(_silence_text(name, silent))
        return lines

    def report_to(self, report: Callable[[str], None] | None) -> None:
        """Pass a line about each pause and each silent server to a function, from any thread.

        It serves output that is not redrawn.
        """
        self._report = report

    @contextmanager
    def reported_to(self, report: Callable[[str], None]) -> Iterator[None]:
        """Report to a function inside, see `report_to`."""
        self.report_to(report)
        try:
            yield
        finally:
            self.report_to(None)

    def _watch(self) -> None:
        if self._report and not self._watching:
            self._watching = True
            threading.Thread(target=self._report_news, name="cope-waits", daemon=True).start()

    def _report_news(self) -> None:
        while self._report:
            for line in self.news():
                self._report(line)
            time.sleep(1.0)
        self._watching = False


def _pause_text(tier: str, seconds: float) -> str:
    return f"{tier} asks its server again in {format_duration(seconds)}"


def _silence_text(tier: str, seconds: float) -> str:
    return f"the server of {tier} is silent for {format_duration(seconds)}"


SERVER_WAITS = ServerWaits()
"""The waits of this process."""
