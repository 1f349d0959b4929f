"""What a compile may spend, and the purse that keeps to it: a hard cap on the total, over all attempts."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...errors import CopeError
from ...models import Call, Halt


class BudgetSpent(Halt):
    """The budget allows no further call."""


@dataclass(frozen=True)
class Budget:
    """The most that a compile may use in all; None is no bound.

    Attributes:
        calls: requests that a model answered, those of the proposing model included.
        tokens: prompt and completion tokens.
        usd: money; the price of every tier must be known, and the proposer's where one is asked.
        seconds: time of the machine that the models run on, as the meter charges it.

    Raises:
        CopeError: for a bound that is not above 0.

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
        """Those that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class Spending:
    """What calls used: requests, tokens, USD (None when a price is not known), seconds of the machine."""

    calls: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0

    def add(self, tokens: int, usd: float | None, seconds: float) -> None:
        self.calls += 1
        self.tokens += tokens
        self.usd = None if usd is None or self.usd is None else self.usd + usd
        self.seconds += seconds

    @classmethod
    def of(cls, calls: Iterable[dict[str, Any]]) -> "Spending":
        spent = cls()
        for call in calls:
            if not call["hit"]:
                tokens = call["prompt_tokens"] + call["completion_tokens"]
                spent.add(tokens, _usd(call["usd"], call["cancelled"]), call["machine_seconds"])
        return spent

    def plus(self, other: "Spending", times: float = 1.0) -> "Spending":
        usd = None if self.usd is None or other.usd is None else self.usd + times * other.usd
        return Spending(
            self.calls + round(times * other.calls),
            self.tokens + round(times * other.tokens),
            usd,
            self.seconds + times * other.seconds,
        )

    def minus(self, other: "Spending") -> "Spending":
        return self.plus(other, -1.0)


def plain(bound: float) -> str:
    """A bound as the user should read it.

    >>> plain(1000000), plain(0.05)
    ('1,000,000', '0.05')
    """
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def _usd(usd: float | None, cancelled: bool) -> float | None:
    """A call that was stopped early and has no price yet is not a reason to lose count of the others."""
    return 0.0 if usd is None and cancelled else usd


class Purse:
    """An allowance for model calls that keeps to a budget.

    Calls are counted when they begin, so that their number never passes the bound; tokens, money and seconds are known
    when a call ends, so they pass theirs by no more than the calls in flight.

    Args:
        budget: the bounds.
        before: what earlier attempts of the same compile used.
    """

    def __init__(self, budget: Budget, before: Spending | None = None) -> None:
        self.budget = budget
        self.spent = before or Spending()
        self._kept_back = Spending()
        self._begun = self.spent.calls
        self._lock = threading.Lock()

    @contextmanager
    def keeping_back(self, spending: Spending) -> Iterator[None]:
        """Inside, this much is left unspent, for what comes after."""
        before, self._kept_back = self._kept_back, spending
        try:
            yield
        finally:
            self._kept_back = before

    def admit(self) -> None:
        with self._lock:
            if empty := self.empty():
                raise BudgetSpent(empty)
            self._begun += 1

    def settle(self, call: Call) -> None:
        with self._lock:
            if call.hit or (call.cancelled and not call.seconds):  # nobody was asked after all
                self._begun -= 1
                return
            tokens = call.prompt_tokens + call.completion_tokens
            self.spent.add(tokens, _usd(call.usd, call.cancelled), call.machine_seconds)

    def left(self, name: str) -> float | None:
        """How much of a bound is left, what is kept back set aside; None where there is no bound."""
        bound = getattr(self.budget, name)
        used = self._begun if name == "calls" else getattr(self.spent, name)
        if bound is None:
            return None
        if used is None:
            raise CopeError(
                "a budget in USD needs prices: give --price TIER=IN/OUT for every tier, and --price proposer=IN/OUT; if a "
                "call of an earlier attempt has none, start anew with --fresh"
            )
        return bound - used - (getattr(self._kept_back, name) or 0)

    def empty(self) -> str | None:
        """Which bound is reached, in words; None when a call may begin."""
        for name, bound in self.budget.bounds().items():
            left = self.left(name)
            if left is not None and left <= 0:
                but = ", but for a last validation" if getattr(self._kept_back, name) else ""
                return f"the budget of {plain(bound)} {name} is used up{but}"
        return None
