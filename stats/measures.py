"""What a question uses up, by measure: one definition for a run's figures, a replay's arrays and a sweep's totals."""

from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple

SMALL, LARGE = "small", "large"
"""The tiers of the usual team; `large` is also the preset that asks that tier alone."""


class Measure(NamedTuple):
    """One kind of cost.

    Attributes:
        description: what it is, in words that follow "the".
        unit: of the figure that a table shows, which is the mean for one question times `scale`.
        scale: see `unit`.
        counts: which of `SPENT` are added up.
        tiers: of whose calls.
    """

    description: str
    unit: str
    scale: float
    counts: tuple[str, ...]
    tiers: Literal["all", "large", "all but small"] = "all"

    def total(
        self, usage: Callable[[str, str], Any], tiers: Collection[str], large_tier: str = LARGE
    ) -> Any:
        """Add up what counts.

        Args:
            usage: takes one of `SPENT` and a tier, and gives a number or an array: NaN where it is not known, zeros of a
                tier that nobody asks.
            tiers: those that were asked.
            large_tier: the tier that counts as the large one.

        >>> MEASURES["large-tokens"].total(lambda what, tier: 2.0, ["small", "large"])
        4.0
        """
        over = [tier for tier in tiers if self._includes(tier, large_tier)] or [""]
        first, *others = (usage(what, tier) for tier in over for what in self.counts)
        return sum(others, first)

    def _includes(self, tier: str, top: str) -> bool:
        return {"all": True, "large": tier == top, "all but small": tier != SMALL}[self.tiers]

    def description_for(self, large_tier: str) -> str:
        """The words where another tier counts as the large one."""
        return (
            self.description.replace(LARGE, large_tier) if self.tiers == LARGE else self.description
        )

    def unit_for(self, large_tier: str) -> str:
        """The unit likewise."""
        return self.unit.replace(LARGE, large_tier) if self.tiers == LARGE else self.unit


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
        "tokens that the large tier writes",
        "large tokens",
        1.0,
        ("plan_tokens", "answer_tokens"),
        "large",
    ),
    "seconds": Measure("seconds of model time", "seconds", 1.0, ("seconds",)),
    "large-calls": Measure("calls to the large tier", "large calls", 1.0, ("calls",), "large"),
}
"""By name, in the order in which a command takes the first one that is known."""


def largest_tier(tiers: Collection[str]) -> str:
    """The tier that counts as the large one: `large` where there is one, else the last.

    >>> largest_tier(["cheap", "dear"])
    'dear'
    """
    return LARGE if LARGE in tiers or not tiers else list(tiers)[-1]
