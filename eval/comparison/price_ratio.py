"""What the systems cost when a token of the last tier costs 1 to 1,000 times one of the first tier's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...stats.bootstrap import Estimate, Sums
from ...stats.tiers import SMALL
from .systems import CALLS, TOKENS, WRITTEN, SystemScores

PRICE_RATIOS = np.geomspace(1, 1000, 61)
PRICE_BASES = {
    TOKENS: "tokens read and written",
    WRITTEN: "written tokens (those read are not known)",
    CALLS: "calls (tokens are not known)",
}
"""What is priced, the first that all systems tell."""

CheaperAt = Literal["always", "never", "from", "up to"]


@dataclass(frozen=True)
class PriceRatio:
    """A system's cost beside the reference's, by the ratio of the prices.

    Attributes:
        first_tier_use: what it uses of the first tier, a question.
        last_tier_use: what it uses of the last tier, a question.
        relative_costs: at each of `RATIOS`, its cost divided by the reference's.
        cheaper: at which ratios it is cheaper than the reference: always, never, from or up to `crossing`.
        crossing: the ratio; None for always and never. Its interval may end beyond 1,000 and at infinity.
    """

    first_tier_use: float
    last_tier_use: float
    relative_costs: tuple[Estimate, ...]
    cheaper: CheaperAt
    break_even: Estimate | None

    def as_dict(self) -> dict[str, Any]:
        relative = [
            {"ratio": float(r), **one.as_dict()}
            for r, one in zip(PRICE_RATIOS.round(3), self.relative_costs, strict=True)
        ]
        crossing = self.break_even and self.break_even.as_dict()
        return {
            "small": self.first_tier_use,
            "large": self.last_tier_use,
            "cheaper": self.cheaper,
            "crossing": crossing,
            "relative": relative,
        }

    @property
    def description(self) -> str:
        """At which ratios it is cheaper, in words, such as `from 1:4.85 (4.74 to 4.98)`."""
        if self.break_even is None:
            return self.cheaper
        value, low, high = (f"{bound:.3g}" for bound in vars(self.break_even).values())
        if low == high:
            return f"{self.cheaper} 1:{value}"
        return f"{self.cheaper} 1:{value} ({low} to {high})".replace("to inf", "or more")


@dataclass(frozen=True)
class PriceBasis:
    """What is priced, and the two tiers whose prices are compared."""

    quantity: str
    first_tier: str
    last_tier: str


def other_tier(systems: Mapping[str, SystemScores], last: str) -> str | None:
    """Return the only tier besides the last one; None where systems ask two or more other tiers."""
    others = {tier for system in systems.values() for tier in system.tiers} - {last}
    if len(others) > 1:
        return None
    return next(iter(others), SMALL)


def choose_basis(systems: Mapping[str, SystemScores], first: str | None, last: str) -> str | None:
    """Return what can be priced: the first of `BASES` that is known of all systems; None without exactly two tiers."""
    if first is None:
        return None
    for what in PRICE_BASES:
        if all(_known(system, what, (first, last)) for system in systems.values()):
            return what
    return None


def _known(system: SystemScores, what: str, tiers: tuple[str, str]) -> bool:
    keys = list(system.questions)
    return all(np.isfinite(system.usage(tier, what, keys)).all() for tier in tiers)


def price_ratio(sums: Sums) -> PriceRatio:
    """From the sums of `n`, and of what both use of both tiers: `small`, `large`, `small_ref`, `large_ref`."""
    total = sums.total

    def relative(ratio: float) -> Estimate:
        return sums.estimate(
            lambda s: (s["small"] + ratio * s["large"]) / (s["small_ref"] + ratio * s["large_ref"])
        )

    more, saved = total["small"] - total["small_ref"], total["large_ref"] - total["large"]
    kind = cheaper_at(more, saved)
    crossing = sums.estimate(_break_even) if kind in ("from", "up to") else None
    return PriceRatio(
        total["small"] / total["n"],
        total["large"] / total["n"],
        tuple(relative(r) for r in PRICE_RATIOS),
        kind,
        crossing,
    )


def cheaper_at(more: float, saved: float) -> CheaperAt:
    """At which ratios from 1:1 a system is cheaper that uses more of the first tier and saves some of the last one.

    It is cheaper where more < ratio * saved.

    >>> cheaper_at(30, 10), cheaper_at(5, 10), cheaper_at(5, -1), cheaper_at(-30, -10)
    ('from', 'always', 'never', 'up to')
    """
    if saved > 0:
        return "from" if more > saved else "always"
    if saved == 0:
        return "always" if more < 0 else "never"
    return "up to" if more < saved else "never"


def _break_even(s: Mapping[str, Any]) -> Any:
    more, saved = s["small"] - s["small_ref"], s["large_ref"] - s["large"]
    # Where a draw saves nothing of the last tier, no ratio is high enough.
    return np.where((saved > 0) | (more < 0), more / saved, np.inf)
