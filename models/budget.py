"""Budgets: hard limits of the total usage of model calls over all attempts, and their guard."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from ..errors import CopeError
from .admission import Halt
from .call import Call
from .usage import Usage, spent_rows
from .usage_row import UsageRow

UsageRows = Sequence[UsageRow]
"""A question's usage by tier, round and role."""


class BudgetExhausted(Halt):
    """The budget allows no further call."""


@dataclass(frozen=True)
class Budget:
    """Limits of the total usage; None is no limit.

    Attributes:
        calls: requests that a model answered, including those of a compile's proposer.
        tokens: tokens of prompts and completions.
        usd: money; the price of every tier and of a compile's proposer must be known.
        seconds: time of the machine that the models run on, as the meter charges it.

    Raises:
        CopeError: for a limit that is not above 0.

    >>> Budget(calls=500).calls
    500
    """

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.bounds().items():
            if value <= 0:
                raise CopeError(
                    f"a budget of {value:g} {name} allows nothing: give more than 0, or none at all"
                )

    def bounds(self) -> dict[str, float]:
        """Return the limits that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


def format_bound(bound: float) -> str:
    """Format a limit.

    >>> format_bound(1000000), format_bound(0.05)
    ('1,000,000', '0.05')
    """
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def cost_for_budget(usage: UsageRows) -> float:
    """Return the cost of a question in USD, as a budget counts it: what it costs now at most.

    Replies of a cache cost nothing. A cancelled call without any bound, as of an earlier version,
    counts as much as the mean finished call of its row.

    Raises:
        CopeError: when a finished call has no price.

    >>> row = {"calls": 3, "unpriced": 1, "cancelled": 1, "hits": 0, "usd": 0.02}
    >>> cost_for_budget([row]), cost_for_budget([row | {"usd_low": 0.02, "usd_high": 0.05}])
    (0.03, 0.05)
    """
    total = 0.0
    for row in spent_rows(usage):
        if row["usd_high"] is not None:
            total += row["usd_high"]
            continue
        if row["unpriced"] > row["cancelled"]:
            raise unknown_cost_error(row.get("tier", ""), row.get("prompt_tokens", 0) is not None)
        priced = row["calls"] - row["unpriced"]
        known = row["usd"] or 0.0
        estimated = row["unpriced"] * known / priced if priced > 0 else 0.0
        total += max(row["usd_low"], known + estimated)
    return total


def unknown_cost_error(tier: str, has_tokens: bool) -> CopeError:
    """Return the error for a call of unknown cost where a budget needs it.

    Args:
        tier: the tier of the call.
        has_tokens: whether its server reported its tokens.
    """
    if has_tokens:
        return CopeError(
            "a budget needs prices: give --price TIER=IN/OUT for every tier whose price "
            "is not known"
        )
    return CopeError(
        f"a budget needs the tokens of each call, and the server of tier {tier} "
        "reports none: give a price by time, as in --price TIER=USD/h, or leave out --budget"
    )


class BudgetGuard:
    """Keeps model calls, or whole questions, within a budget.

    As an `AdmissionControl` it limits single calls. They are counted when they begin, so their
    number never exceeds the limit. Tokens, money and seconds are known when a call ends, so they
    exceed theirs by no more than the calls in flight. `reserve` limits whole questions by money
    instead, so that no question is left incomplete.

    Args:
        budget: the limits.
        used: the usage of earlier attempts.
        questions: the usage of each question answered earlier, when whole questions are limited.
    """

    def __init__(
        self, budget: Budget, used: Usage | None = None, questions: Iterable[UsageRows] = ()
    ) -> None:
        self.budget = budget
        self.used = used or Usage()
        self._set_aside: dict[str, float | None] = {}
        self._calls_begun = self.used.calls
        self._lock = threading.Lock()
        costs = [] if budget.usd is None else [cost_for_budget(usage) for usage in questions]
        self._spent_usd = sum(costs)
        self._max_question_usd = max(costs, default=None)
        self._questions_running = 0
        self._first_cost_known = asyncio.Event()
        self.stop_reason: str | None = None
        """Why `reserve` admits no further question."""

    # Single calls

    @contextmanager
    def set_aside(self, usage: Usage) -> Iterator[None]:
        """Keep this much of the budget unused inside, for later calls."""
        before, self._set_aside = self._set_aside, usage.totals()
        try:
            yield
        finally:
            self._set_aside = before

    def before_call(self) -> None:
        """Admit a call.

        Raises:
            BudgetExhausted: when a limit is reached.
        """
        with self._lock:
            reason = self.exhausted_reason()
            if reason:
                raise BudgetExhausted(reason)
            self._calls_begun += 1

    def on_error(self, call: Call, error: Exception) -> None:
        """Do nothing, because `after_call` counts failed calls as well."""

    def after_call(self, call: Call) -> None:
        """Add the usage of a call."""
        with self._lock:
            never_sent = call.cancelled and not call.seconds
            if call.cache_hit or never_sent:
                self._calls_begun -= 1
            else:
                self.used = self.used.plus(Usage.from_calls([call]))

    def remaining(self, name: str) -> float | None:
        """Return how much of a limit remains, without what is set aside; None without a limit.

        Raises:
            CopeError: when money is limited and a finished call has no price.
        """
        bound = getattr(self.budget, name)
        used = self._calls_begun if name == "calls" else self.used.totals()[name]
        if bound is None:
            return None
        if used is None:
            raise CopeError(
                "a budget in USD needs prices: give --price TIER=IN/OUT for every tier, and "
                "--price proposer=IN/OUT; if a call of an earlier attempt has none, start again "
                "with --fresh"
            )
        return bound - used - (self._set_aside.get(name) or 0)

    def exhausted_reason(self) -> str | None:
        """Return a message about the limit that is reached; None when a call may begin."""
        for name, bound in self.budget.bounds().items():
            remaining = self.remaining(name)
            if remaining is not None and remaining <= 0:
                but = ", but for a last validation" if self._set_aside.get(name) else ""
                return f"the budget of {format_bound(bound)} {name} is used up{but}"
        return None

    # Whole questions

    @asynccontextmanager
    async def reserve(self) -> AsyncIterator[Callable[[UsageRows], None] | None]:
        """Reserve the cost of the most expensive question so far for one more question.

        Yields:
            A function that takes the question's usage when it is answered; None when the budget
            does not suffice, and then `stop_reason` is set.
        """
        bound = self.budget.usd
        if bound is None:
            yield lambda usage: None
            return
        if self._questions_running and self._max_question_usd is None:
            await self._first_cost_known.wait()  # the cost of a first question
        reserved = (self._max_question_usd or 0.0) * (self._questions_running + 1)
        if self._spent_usd + reserved > bound:
            self.stop_reason = (
                f"the budget of ${bound:g} allows no further question (spent "
                f"${self._spent_usd:.4f}); finished questions are saved, and the same command "
                "with a larger --budget resumes the run"
            )
            yield None
            return
        self._questions_running += 1
        try:
            yield self._add_question
        finally:
            self._questions_running -= 1
            self._first_cost_known.set()

    def _add_question(self, usage: UsageRows) -> None:
        cost = cost_for_budget(usage)
        self._spent_usd += cost
        self._max_question_usd = max(self._max_question_usd or 0.0, cost)
