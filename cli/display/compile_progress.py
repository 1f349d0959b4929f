"""The progress line of `cope compile`: best score, usage, time left, current step."""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from ...optimize.compiler.run import ProgressCallback
from ...optimize.compiler.session import CompileSession
from ...util.text import format_duration, format_usd

if TYPE_CHECKING:
    from ...optimize.compiler.estimate import CostEstimate

EVERY_SECONDS = 15.0  # between two lines where there is no terminal to redraw
TICK_SECONDS = 1.0  # between two drawings while nothing is heard


class _Snapshot(NamedTuple):
    """The state of a compile at one time."""

    time: float
    calls: int
    answered: int
    spent: dict[str, float]


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
        self._start: _Snapshot | None = (
            None  # when the first call was made, after what was only answered again
        )
        self._before = 0  # questions answered before
        self._began, self._shown, self._words, self._over = self._clock(), 0.0, "", False
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._began, self._start, self._over = self._clock(), None, False
        if self._session:
            self._start, self._before = (
                _mark(self._session, self._began),
                self._session.activity.answered,
            )
        self._ended = threading.Event()
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
        with self._lock:
            self._over = True
            if self._session is None:
                return
            self._draw(self._session, self._clock())
        if self._live:
            print(file=self._out)
        self._words = ""

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
                self._start = _mark(session, now if self._start else self._began)
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
        words, before = self._line(session, now), self._words
        self._shown, self._words = now, words
        if self._live:
            width = (
                shutil.get_terminal_size().columns - 1
            )  # a line that wraps could not be drawn over
            print(
                f"\r{words[:width]:<{min(width, len(before))}}", end="", file=self._out, flush=True
            )
        elif words != before:
            print(words, file=self._out, flush=True)

    def _line(self, session: CompileSession, now: float) -> str:
        parts = [
            self._best(session),
            *_usage_parts(session),
            "" if self._over else self._left(session, now),
            session.activity.description
            if session.candidates.fully_evaluated() and not self._over
            else "",
        ]
        return "  ".join(filter(None, parts))

    def _best(self, session: CompileSession) -> str:
        candidates = session.candidates
        keys = candidates.val_keys
        if whole := candidates.fully_evaluated():
            best, count = whole[0], len(candidates)
            which = "as it was" if best.number == 0 else f"candidate {best.number} of {count - 1}"
            return f"best {best.mean(keys):.1%} ({which})"
        done = max(
            (sum(key in candidate.scores for key in keys) for candidate in candidates), default=0
        )
        return f"before: {done} of {len(keys)} questions" if done else "asks a few questions"

    def _left(self, session: CompileSession, now: float) -> str:
        """Return the time of the calls that are left, at the rate so far, within the budget.

        expected calls = calls made for each question answered * questions that are still to be answered
        """
        start, here = self._start, _mark(session, now)
        if self._estimate is None or start is None:
            return ""
        took, made, answered = (
            now - start.time,
            here.calls - start.calls,
            here.answered - start.answered,
        )
        if made < 5 or took < 1:
            return ""
        bounds = session.guard.budget.bounds()
        shares = [
            (bounds[name] - here.spent[name]) / used
            for name in bounds
            if (used := here.spent[name] - start.spent[name])
        ]
        most = min([*shares, (self._estimate.high.calls - made) / made])
        questions = self._estimate.questions - (here.answered - self._before)
        expected = questions / answered if answered > 0 and questions > 0 else None
        if expected is not None and expected < most:
            return f"about {format_duration(took * expected)} left"
        return (
            f"at most {format_duration(took * most)} left" if most > 0 else "longer than estimated"
        )


def _usage_parts(session: CompileSession) -> list[str]:
    """Format usage against each limit of the budget; money also without a limit, unless it is zero."""
    spent, budget = session.guard.used.totals(), session.guard.budget
    parts = [f"calls {spent['calls']:,}" + (f" of {budget.calls:,}" if budget.calls else "")]
    if budget.tokens:
        parts.append(f"tokens {spent['tokens']:,} of {budget.tokens:,}")
    if budget.usd:
        parts.append(
            f"{'money unknown' if spent['usd'] is None else format_usd(spent['usd'])} of {format_usd(budget.usd)}"
        )
    elif spent["usd"]:
        parts.append(format_usd(spent["usd"]))
    if budget.seconds:
        parts.append(
            f"{format_duration(spent['seconds'])} of {format_duration(budget.seconds)} of model time"
        )
    return parts


def _mark(session: CompileSession, now: float) -> _Snapshot:
    spent = {name: float(value or 0) for name, value in session.guard.used.totals().items()}
    return _Snapshot(now, session.guard.used.calls, session.activity.answered, spent)
