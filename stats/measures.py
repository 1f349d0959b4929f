"""The cost measures of a question, for run summaries, replay arrays and sweeps."""

from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple

from .tiers import SMALL


class Measure(NamedTuple):
    """One kind of cost.

    Attributes:
        description: a text that follows "the"; `{last}` is the last tier.
        unit: the unit of the number in a table, which is the mean per question times `scale`.
        scale: see `unit`.
        counts: the fields of the usage that are summed.
        tiers: the tiers whose calls count.
    """

    description: str
    unit: str
    scale: float
    counts: tuple[str, ...]
    tiers: Literal["all", "last", "all but small"] = "all"

    def total(self, usage: Callable[[str, str], Any], tiers: Collection[str], last: str) -> Any:
        """Return the sum of the usage that the measure counts.

        Args:
            usage: takes a field of the usage and a tier, and returns a number or an array: NaN
                where it is unknown, zeros for a tier without calls.
            tiers: the tiers that were called.
            last: the last tier of the preset or system.

        >>> tiers = ["small", "frontier"]
        >>> MEASURES["large-tokens"].total(lambda what, tier: 2.0, tiers, "frontier")
        4.0
        """
        counted = [tier for tier in tiers if self._includes(tier, last)] or [""]
        values = [usage(what, tier) for tier in counted for what in self.counts]
        return sum(values[1:], values[0])

    def _includes(self, tier: str, last: str) -> bool:
        if self.tiers == "last":
            return tier == last
        if self.tiers == "all but small":
            return tier != SMALL
        return True

    def description_for(self, last: str) -> str:
        """Return the description with the name of the last tier."""
        return self.description.format(last=last)

    def unit_for(self, last: str) -> str:
        """Return the unit with the name of the last tier."""
        return self.unit.format(last=last)


MEASURES = {
    "cost": Measure("cost in USD", "USD / 1,000", 1000.0, ("usd",)),
    "cost-small-free": Measure(
        "cost in USD, the small tier's calls for nothing",
        "USD / 1,000, small free",
        1000.0,
        ("usd",),
        "all but small",
    ),
    "large-tokens": Measure(
        "tokens that the {last} tier writes",
        "{last} tokens",
        1.0,
        ("plan_tokens", "answer_tokens"),
        "last",
    ),
    "seconds": Measure("seconds of model time", "seconds", 1.0, ("seconds",)),
    "large-calls": Measure("calls to the {last} tier", "{last} calls", 1.0, ("calls",), "last"),
}
"""The measures by name. A command uses the first one in this order that is known.

`large-tokens` and `large-calls` are names of options and files; they count the last tier, whatever
its name.
"""
