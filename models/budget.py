"""Budgets: hard limits of the total usage of model calls over all attempts, and their guard."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import CopeError
from .admission import Halt
from .call import Call
from .spending import SpendingGate
from .usage import Usage
from .usage_row import UsageRow
from .usage_rows import spent_rows

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
    """Keeps model calls within a budget, as an `AdmissionControl`.

    Calls are counted when they begin, so their number never exceeds the limit. Tokens, money and
    seconds are known when a call ends, so they exceed theirs by no more than the calls in flight.
    `SpendingGate` bounds money more strictly.

    Args:
        budget: the limits.
        used: the usage of earlier attempts.
    """

    def __init__(self, budget: Budget, used: Usage | None = None) -> None:
        self.budget = budget
        self._silent_tier: str | None = None  # its server reports no tokens
        self.used = used or Usage()
        self._set_aside: dict[str, float | None] = {}
        self._calls_begun = self.used.calls
        self._lock = threading.Lock()

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
                if call.prompt_tokens is None or call.completion_tokens is None:
                    self._silent_tier = call.tier

    def remaining(self, name: str) -> float | None:
        """Return how much of a limit remains, without what is set aside; None without a limit.

        Raises:
            CopeError: when money is limited and a finished call has no price.
        """
        bound = getattr(self.budget, name)
        used = self._calls_begun if name == "calls" else self.used.totals()[name]
        if bound is None:
            return None
        if used is None and self._silent_tier:
            raise unknown_cost_error(self._silent_tier, False)
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
                return self._used_up(name, bound)
        return None

    def _used_up(self, name: str, bound: float) -> str:
        but = ", but for a last validation" if self._set_aside.get(name) else ""
        return f"the budget of {format_bound(bound)} {name} is used up{but}"

    def spending_gate(self, on_stop: Callable[[Halt], None]) -> SpendingGate | None:
        """Return a gate that keeps the money within the budget; None if it is not limited.

        Args:
            on_stop: receives the exception that a call raises when the money is used up.
        """
        usd = self.budget.usd
        if usd is None:
            return None

        def stopped() -> Halt:
            halt = BudgetExhausted(self._used_up("usd", usd))
            on_stop(halt)
            return halt

        return SpendingGate(
            limit=lambda: usd - (self._set_aside.get("usd") or 0.0),
            spent=lambda: self.used.total_usd or 0.0,
            stopped=stopped,
        )
