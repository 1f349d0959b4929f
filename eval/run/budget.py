"""A budget in USD that an evaluation keeps to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from ...errors import CopeError
from ...models.usage_row import UsageRow

Usage = Sequence[UsageRow]


def worth(usage: Usage) -> float:
    """What a question cost in USD, for a budget: a call that was stopped early counts as much as its finished siblings.

    What a provider bills for a call that it was asked to drop is not known, so the budget takes it as a whole one.

    Raises:
        CopeError: when a finished call has no price.

    >>> worth([{"usd": 0.02, "calls": 3, "unpriced": 1, "cancelled": 1}])
    0.03
    """
    total = 0.0
    for row in usage:
        if row["unpriced"] > row["cancelled"]:
            raise CopeError(
                "a budget needs prices: give --price TIER=IN/OUT for every tier whose price is not known"
            )
        known, priced = row["usd"] or 0.0, row["calls"] - row["unpriced"]
        total += known + (row["unpriced"] * known / priced if priced > 0 else 0.0)
    return total


class Purse:
    """What is spent, and what the questions in flight may still cost.

    Args:
        budget: USD; None for no bound.
        spent: the usage of questions that were answered before.
    """

    def __init__(self, budget: float | None, spent: Sequence[Usage]) -> None:
        costs = [] if budget is None else [worth(usage) for usage in spent]
        self.budget, self.running, self.spent = budget, 0, sum(costs)
        self.dearest = max(costs, default=None)
        self.empty: str | None = None
        """Why no further question is asked, in a line."""
        self._first_known = asyncio.Event()

    @asynccontextmanager
    async def share(self) -> AsyncIterator[Callable[[Usage], None] | None]:
        """Room for one question, to be told what it used; None when there is no room."""
        if self.budget is None:
            yield lambda usage: None
            return
        if self.running and self.dearest is None:
            await self._first_known.wait()  # one question first shows what they cost
        if self.spent + (self.dearest or 0.0) * (self.running + 1) > self.budget:
            self.empty = (
                f"the budget of ${self.budget:g} allows no further question (spent ${self.spent:.4f}); what is done is "
                "saved, and the same command with a larger --budget goes on"
            )
            yield None
            return
        self.running += 1
        try:
            yield self._spend
        finally:
            self.running -= 1
            self._first_known.set()

    def _spend(self, usage: Usage) -> None:
        cost = worth(usage)
        self.spent += cost
        self.dearest = max(self.dearest or 0.0, cost)
