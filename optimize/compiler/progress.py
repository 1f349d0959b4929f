"""Describe a running compile: its best score, its usage, and the time that it still takes."""

from typing import NamedTuple

from ...util.text import format_duration, format_usd
from .estimate import CostEstimate
from .session import CompileSession


class _Snapshot(NamedTuple):
    """The state of a compile at one time."""

    time: float
    calls: int
    answered: int
    used: dict[str, float]


class TimeLeft:
    """Estimate the time for the rest of a compile, at the rate so far, within the budget.

    Only the time after the first call counts, because questions that the cache answers take none.

    Attributes:
        estimate: what the whole compile takes; None while that is unknown.
    """

    def __init__(self) -> None:
        self.estimate: CostEstimate | None = None
        self._began = 0.0
        self._start: _Snapshot | None = None
        self._answered_before = 0

    def restart(self, session: CompileSession | None, now: float) -> None:
        """Measure from now on; None for a session that has not begun."""
        self._began, self._start = now, None
        if session:
            self._start = _snapshot(session, now)
            self._answered_before = session.activity.answered

    def update(self, session: CompileSession, now: float) -> None:
        """Measure from the last event before the first call."""
        if self._start is None:
            self._start = _snapshot(session, self._began)
        elif session.guard.used.calls == self._start.calls:
            self._start = _snapshot(session, now)

    def text(self, session: CompileSession, now: float) -> str:
        """Return the time left; empty when too little is known.

        expected calls = calls for each question answered * questions that are left
        """
        start, current = self._start, _snapshot(session, now)
        if self.estimate is None or start is None:
            return ""
        seconds, calls = now - start.time, current.calls - start.calls
        if calls < 5 or seconds < 1:
            return ""
        # How many times as much as so far the estimate and the budget allow.
        limits = [(self.estimate.high.calls - calls) / calls]
        for name, bound in session.guard.budget.bounds().items():
            used = current.used[name] - start.used[name]
            if used:
                limits.append((bound - current.used[name]) / used)
        most = min(limits)
        answered = current.answered - start.answered
        questions = self.estimate.questions - (current.answered - self._answered_before)
        if answered > 0 and 0 < questions / answered < most:
            return f"about {format_duration(seconds * questions / answered)} left"
        if most > 0:
            return f"at most {format_duration(seconds * most)} left"
        return "longer than estimated"


def state_parts(session: CompileSession) -> list[str]:
    """Return the best score, and the usage against each limit of the budget."""
    return [_best(session), *_usage_parts(session)]


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
