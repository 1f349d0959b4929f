"""The progress line of `cope compile`: best score, usage, time left, current step."""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ...models.server_waits import SERVER_WAITS
from ...optimize.compiler.progress import TimeLeft, state_parts
from ...optimize.compiler.run import ProgressCallback
from ...optimize.compiler.session import CompileSession
from ..output import notify

if TYPE_CHECKING:
    from ...optimize.compiler.estimate import CostEstimate

EVERY_SECONDS = 15.0  # between two lines if there is no terminal to redraw
TICK_SECONDS = 1.0  # between two drawings without an event


class CompileProgress(ProgressCallback):
    """One line on stderr, updated after scores and model calls, and on a terminal every second.

    Args:
        clock: returns the time in seconds.
        tick_seconds: seconds between two updates while no event comes.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, tick_seconds: float = TICK_SECONDS
    ) -> None:
        self._clock, self._tick_seconds = clock, tick_seconds
        self._out = sys.stderr
        self._live = self._out.isatty()
        self._lock = threading.RLock()
        self._time_left = TimeLeft()
        self._session: CompileSession | None = None
        self._shown, self._shown_line, self._over = 0.0, "", False
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._over = False
        self._time_left.restart(self._session, self._clock())
        self._ended = threading.Event()
        SERVER_WAITS.report_to(None if self._live else notify)
        if self._live:
            threading.Thread(target=self._tick, args=(self._ended,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        SERVER_WAITS.report_to(None)
        with self._lock:
            self._over = True
            if self._session is None:
                return
            self._draw(self._session, self._clock())
        if self._live:
            print(file=self._out)
        self._shown_line = ""

    def set_estimate(self, estimate: "CostEstimate") -> None:
        """Show the time left, from the estimate and the budget."""
        self._time_left.estimate = estimate

    def on_score(self, session: CompileSession) -> None:
        self._update(session)

    def on_call(self, session: CompileSession) -> None:
        self._update(session)

    def _update(self, session: CompileSession) -> None:
        with self._lock:
            self._session, now = session, self._clock()
            self._time_left.update(session, now)
            if now - self._shown >= (0.2 if self._live else EVERY_SECONDS):
                self._draw(session, now)

    def _tick(self, ended: threading.Event) -> None:
        """Update the line every second, because a long call sends no event while it runs."""
        while not ended.wait(self._tick_seconds):
            with self._lock:
                now = self._clock()
                if self._session and not self._over and now - self._shown >= self._tick_seconds:
                    self._draw(self._session, now)

    def _draw(self, session: CompileSession, now: float) -> None:
        line, before = self._line(session, now), self._shown_line
        self._shown, self._shown_line = now, line
        if self._live:
            # A line that wraps could not be overwritten.
            width = shutil.get_terminal_size().columns - 1
            while len(line) > width and "  " in line:  # parts are left out whole
                line = line.rpartition("  ")[0]
            padded = f"{line[:width]:<{min(width, len(before))}}"
            print(f"\r{padded}", end="", file=self._out, flush=True)
        elif line != before:
            print(line, file=self._out, flush=True)

    def _line(self, session: CompileSession, now: float) -> str:
        parts = state_parts(session)
        if not self._over:
            parts += [str(SERVER_WAITS), self._time_left.text(session, now)]
            if session.candidates.fully_evaluated():
                parts.append(session.activity.description)
        return "  ".join(filter(None, parts))
