"""Ledgers of a comparison that share calls.

A call that several evaluations make is made once and counts in full for each of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models import Call, Ledger, Price
from ...models.call_price import apply_price
from ...models.cost import CostBounds
from ...models.exchange import Exchange
from ...models.ledger import SHARED_KEY
from ...models.run_budget import RunBudget, spent_before
from .store import RunStore, StoredRun


class SharedLedger(Ledger):
    """The ledger of one evaluation, which also returns the calls in other ledgers.

    A call from another ledger is copied into this one and marked. So the folder of every evaluation
    contains all calls that its results depend on, and is read and resumed like any other folder.

    Args:
        path: the file, as of a `Ledger`.
        others: the ledgers of the other evaluations.
    """

    def __init__(self, path: Path, others: Sequence[Ledger]) -> None:
        super().__init__(path)
        self._others = others

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the entry of a call, from this ledger or another one; None without one."""
        entry = super().get(key)
        if entry:
            return entry
        for other in self._others:
            # Not `other.get`: two ledgers that lack a call would ask each other forever.
            entry = Ledger.get(other, key)
            if entry:
                return entry
        return None

    def restored(self, key: str, exchange: Exchange) -> None:
        """Copy a call of another ledger, with its messages, into this one."""
        entry = self.get(key)
        if entry and super().get(key) is None:
            copy = {"call": entry["call"], "outputs": entry["outputs"], SHARED_KEY: True}
            self.put(key, copy, exchange)


class LedgerGroup:
    """Ledgers that share their calls.

    >>> group = LedgerGroup()
    >>> store.open(ledger_factory=group.open)  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._ledgers: list[Ledger] = []

    def open(self, path: Path) -> SharedLedger:
        """Open another ledger of the group.

        Raises:
            CopeError: if the file cannot be written, or one of its lines is damaged.
        """
        ledger = SharedLedger(path, self._ledgers)
        self._ledgers.append(ledger)
        return ledger


def shared_budget(
    usd: float | None, stores: Iterable[RunStore], prices: Mapping[str, Price]
) -> RunBudget:
    """Return the budget of several runs, from which earlier attempts have spent.

    A call that the runs share is made, and paid for, once.

    Args:
        usd: the most that all runs together may cost in USD; None for no limit.
        stores: the open stores of the runs.
        prices: prices by tier for calls that have none.
    """
    spent = sum(spent_before(store.ledger.earlier_calls, prices) for store in stores)
    return RunBudget(usd, spent=spent, prices=prices)


@dataclass
class SharingStats:
    """The number of calls in all runs of a comparison, and how many of them were shared.

    Attributes:
        calls_made: calls that a model answered.
        calls_shared: calls that an evaluation took from another one instead of making them.
        calls_stopped: calls that were stopped early; they are among `made`.
        by_system: the same three counts of each system.
        cost: what the made calls cost, each once.
    """

    calls_made: int = 0
    calls_shared: int = 0
    calls_stopped: int = 0
    by_system: dict[str, dict[str, int]] = field(default_factory=dict)
    cost: CostBounds = field(default_factory=CostBounds)

    def count(self, name: str, run: StoredRun, prices: Mapping[str, Price] | None = None) -> None:
        """Add the calls of a system's run.

        Args:
            name: the name of the system.
            run: its run.
            prices: prices by tier; calls of other tiers cost what was noted with them.
        """
        made = shared = stopped = 0
        for entry in run.calls():
            if entry.get(SHARED_KEY):
                shared += 1
            else:
                made += 1
                self.cost += _cost_now(entry["call"], prices or {})
            if entry["call"].get("cancelled"):
                stopped += 1
        self.by_system[name] = {"made": made, "shared": shared, "stopped": stopped}
        self.calls_made += made
        self.calls_shared += shared
        self.calls_stopped += stopped

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {
            "made": self.calls_made,
            "shared": self.calls_shared,
            "stopped": self.calls_stopped,
            "by_system": self.by_system,
            "usd_low": self.cost.low,
            "usd_high": self.cost.high,
        }


def _cost_now(entry: Mapping[str, Any], prices: Mapping[str, Price]) -> CostBounds:
    """Return what a call of a ledger cost; nothing for a reply of a cache."""
    call = Call.from_dict(entry)
    if call.cache_hit:
        return CostBounds()
    if call.tier in prices:
        apply_price(call, prices[call.tier])
    return call.cost
