"""The costs of systems if a token of the last tier costs 1 to 1,000 times one of the first tier."""

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
"""The quantities that can be priced. The first one that is known for all systems is used."""

CheaperAt = Literal["always", "never", "from", "up to"]


@dataclass(frozen=True)
class PriceRatio:
    """The cost of a system relative to the reference, by the ratio of the prices.

    Attributes:
        first_tier_use: mean quantity that a question uses of the first tier.
        last_tier_use: mean quantity that a question uses of the last tier.
        relative_costs: at each of `PRICE_RATIOS`, the cost of the system divided by that of the
            reference.
        cheaper: at which ratios the system is cheaper than the reference: always, never, from or
            up to `break_even`.
        break_even: the ratio at which both cost the same; None for always and never. Its interval
            may end above 1,000 and at infinity.
    """

    first_tier_use: float
    last_tier_use: float
    relative_costs: tuple[Estimate, ...]
    cheaper: CheaperAt
    break_even: Estimate | None

    def as_dict(self) -> dict[str, Any]:
        """Return the costs as plain data."""
        relative: list[dict[str, float | None]] = []
        for ratio, cost in zip(PRICE_RATIOS.round(3), self.relative_costs, strict=True):
            entry: dict[str, float | None] = {"ratio": float(ratio)}
            entry.update(cost.as_dict())
            relative.append(entry)
        return {
            "small": self.first_tier_use,
            "large": self.last_tier_use,
            "cheaper": self.cheaper,
            "crossing": self.break_even and self.break_even.as_dict(),
            "relative": relative,
        }

    @property
    def description(self) -> str:
        """The ratios at which it is cheaper, such as `from 1:4.85 (4.74 to 4.98)`."""
        if self.break_even is None:
            return self.cheaper
        value, low = f"{self.break_even.value:.3g}", f"{self.break_even.low:.3g}"
        high = f"{self.break_even.high:.3g}"
        if low == high:
            return f"{self.cheaper} 1:{value}"
        return f"{self.cheaper} 1:{value} ({low} to {high})".replace("to inf", "or more")


@dataclass(frozen=True)
class PriceBasis:
    """The quantity that is priced, and the two tiers whose prices are compared."""

    quantity: str
    first_tier: str
    last_tier: str


def other_tier(systems: Mapping[str, SystemScores], last: str) -> str | None:
    """Return the only tier except the last one; None if the systems use several others.

    Without any other tier it is `small`.
    """
    others: set[str] = set()
    for system in systems.values():
        others |= system.tiers
    others.discard(last)
    if len(others) > 1:
        return None
    return next(iter(others), SMALL)


def choose_basis(
    systems: Mapping[str, SystemScores], first: str | None, last: str
) -> PriceBasis | None:
    """Return the first of `PRICE_BASES` that is known for all systems.

    Args:
        systems: the systems.
        first: the only other tier; None if there are several.
        last: the last tier.

    Returns:
        None if there are more than two tiers, or no quantity is known.
    """
    if first is None:
        return None
    for quantity in PRICE_BASES:
        basis = PriceBasis(quantity, first, last)
        if all(_is_known(basis, system) for system in systems.values()):
            return basis
    return None


def _is_known(basis: PriceBasis, system: SystemScores) -> bool:
    keys = list(system.questions)
    first = system.usage(basis.first_tier, basis.quantity, keys)
    last = system.usage(basis.last_tier, basis.quantity, keys)
    return bool(np.isfinite(first).all() and np.isfinite(last).all())


def price_ratio(sums: Sums) -> PriceRatio:
    """Return the cost of a system relative to the reference.

    Args:
        sums: the sums of `n` (the number of questions), of `small` and `large` (the quantities of
            the first and the last tier), and of `small_ref` and `large_ref` (those of the
            reference).
    """
    total = sums.total

    def relative_cost(ratio: float) -> Estimate:
        return sums.estimate(
            lambda s: (s["small"] + ratio * s["large"]) / (s["small_ref"] + ratio * s["large_ref"])
        )

    more, saved = total["small"] - total["small_ref"], total["large_ref"] - total["large"]
    cheaper = cheaper_at(more, saved)
    return PriceRatio(
        first_tier_use=total["small"] / total["n"],
        last_tier_use=total["large"] / total["n"],
        relative_costs=tuple(relative_cost(ratio) for ratio in PRICE_RATIOS),
        cheaper=cheaper,
        break_even=sums.estimate(_break_even) if cheaper in ("from", "up to") else None,
    )


def cheaper_at(more: float, saved: float) -> CheaperAt:
    """Return at which price ratios from 1:1 a system is cheaper than the reference.

    It is cheaper at the ratios for which more < ratio * saved.

    Args:
        more: the quantity of the first tier that the system uses above the reference.
        saved: the quantity of the last tier that it uses below the reference.

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
    # If a draw saves nothing of the last tier, no ratio is high enough.
    return np.where((saved > 0) | (more < 0), more / saved, np.inf)
