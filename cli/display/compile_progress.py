"""The progress line of `cope compile`: best score, usage, time left, current step."""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from ...models.server_waits import SERVER_WAITS
from ...optimize.compiler.run import ProgressCallback
from ...optimize.compiler.session import CompileSession
from ...util.text import format_duration, format_usd
from ..output import notify

if TYPE_CHECKING:
    from ...optimize.compiler.estimate import CostEstimate

EVERY_SECONDS = 15.0  # between two lines if there is no terminal to redraw
TICK_SECONDS = 1.0  # between two drawings without an event


class _Snapshot(NamedTuple):
    """The state of a compile at one time."""

    time: float
    calls: int
    answered: int
    used: dict[str, float]


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
        self._estimate: CostEstimate | None = None
        self._session: CompileSession | None = None
        # The state at the first call, after the questions that were answered from the cache.
        self._start: _Snapshot | None = None
        self._before = 0  # questions answered before
        self._began, self._shown, self._shown_line, self._over = self._clock(), 0.0, "", False
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._began, self._start, self._over = self._clock(), None, False
        if self._session:
            self._start = _snapshot(self._session, self._began)
            self._before = self._session.activity.answered
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
        self._estimate = estimate

    def on_score(self, session: CompileSession) -> None:
        self._update(session)

    def on_call(self, session: CompileSession) -> None:
        self._update(session)

    def _update(self, session: CompileSession) -> None:
        with self._lock:
            self._session, now = session, self._clock()
            if self._start is None or session.guard.used.calls == self._start.calls:
                self._start = _snapshot(session, now if self._start else self._began)
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
        parts = [_best(session), *_usage_parts(session)]
        if not self._over:
            parts += [str(SERVER_WAITS), self._time_left(session, now)]
            if session.candidates.fully_evaluated():
                parts.append(session.activity.description)
        return "  ".join(filter(None, parts))

    def _time_left(self, session: CompileSession, now: float) -> str:
        """Return the time for the rest of the compile, at the rate so far, within the budget.

        expected calls = calls for each question answered * questions that are left
        """
        start, current = self._start, _snapshot(session, now)
        if self._estimate is None or start is None:
            return ""
        seconds, calls = now - start.time, current.calls - start.calls
        if calls < 5 or seconds < 1:
            return ""
        # How many times as much as so far the estimate and the budget allow.
        limits = [(self._estimate.high.calls - calls) / calls]
        for name, bound in session.guard.budget.bounds().items():
            used = current.used[name] - start.used[name]
            if used:
                limits.append((bound - current.used[name]) / used)
        most = min(limits)
        answered = current.answered - start.answered
        questions = self._estimate.questions - (current.answered - self._before)
        if answered > 0 and 0 < questions / answered < most:
            return f"about {format_duration(seconds * questions / answered)} left"
        if most > 0:
            return f"at most {format_duration(seconds * most)} left"
        return "longer than estimated"


def _best(session: CompileSession) -> str:
    """Describe the best candidate, or how far the first validation is."""
    candidates = session.candidates
    keys = candidates.val_keys
    evaluated = candidates.fully_evaluated()
    if evaluated:
        best = evaluated[0]
        name = "as it was"
        if best.number > 0:
            name = f"candidate {best.number} of {len(candidates) - 1}"
        return f"best {best.mean(keys):.1%} ({name})"
    answered = [sum(key in candidate.scores for key in keys) for candidate in candidates]
    done = max(answered, default=0)
    return f"before: {done} of {len(keys)} questions" if done else "asks a few questions"


def _usage_parts(session: CompileSession) -> list[str]:
    """Format the usage against each limit of the budget; money also without one, unless it is 0."""
    used, budget = session.guard.used.totals(), session.guard.budget
    money = "money unknown" if used["usd"] is None else format_usd(used["usd"])
    parts = [f"calls {used['calls']:,}" + (f" of {budget.calls:,}" if budget.calls else "")]
    if budget.tokens:
        parts.append(f"tokens {used['tokens']:,} of {budget.tokens:,}")
    if budget.usd:
        parts.append(f"{money} of {format_usd(budget.usd)}")
    elif used["usd"]:
        parts.append(money)
    if budget.seconds:
        seconds = format_duration(used["seconds"])
        parts.append(f"{seconds} of {format_duration(budget.seconds)} of model time")
    return parts


def _snapshot(session: CompileSession, now: float) -> _Snapshot:
    used = {name: float(value or 0) for name, value in session.guard.used.totals().items()}
    return _Snapshot(now, session.guard.used.calls, session.activity.answered, used)
