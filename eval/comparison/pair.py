"""One system beside the reference, on the questions that both have an outcome for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import CopeError
from ...stats.bootstrap import Estimate, Sums, resample
from ...stats.clustered import design_effect, group_labels
from ...stats.intervals import MIN_DISCORDANT_FOR_BOOTSTRAP, exact_bounds
from ...stats.measures import MEASURES
from ...stats.paired import paired_p
from ...stats.power import minimum_detectable_effect, questions_needed
from ...util.arrays import Array
from .price_ratio import PriceBasis, PriceRatio, price_ratio
from .systems import SystemScores

ALPHA = 0.05
MIN_DISCORDANT = 5
"""With fewer discordant questions nothing can be said of how many would settle a difference."""


@dataclass(frozen=True)
class PairedComparison:
    """A system beside the reference.

    Attributes:
        system: its name.
        reference: the reference's.
        questions: those with both outcomes.
        unpaired: those with just one of the two.
        units: what was drawn: questions, or groups of them.
        difference: in accuracy, system less reference.
        has_exact_bounds: whether its interval is from exact bounds, because too few questions are discordant for the bootstrap.
        wins: questions on which only the system is right.
        losses: questions on which only the reference is right.
        p: McNemar's exact p-value, or its grouped form, see `paired_p`.
        adjusted_p: the p-value after Holm's correction.
        level: what Holm's procedure holds `p` against.
        costs: by measure that both know: mean of both for one question, the paired difference and the ratio.
        price_ratio: the cost by the ratio of the prices; None where it is not known.
        design_effect: how much wider groups make the variance of the difference; 1 without groups.
    """

    system: str
    reference: str
    questions: int
    unpaired: int
    units: int
    difference: Estimate
    has_exact_bounds: bool
    wins: int
    losses: int
    p: float
    adjusted_p: float
    level: float
    costs: dict[str, "PairedCosts"]
    price_ratio: PriceRatio | None
    design_effect: float

    def with_holm(self, adjusted: float, level: float) -> "PairedComparison":
        """As one of several comparisons."""
        return replace(self, adjusted_p=adjusted, level=level)

    @property
    def significant(self) -> bool:
        return self.adjusted_p <= ALPHA

    @property
    def questions_needed(self) -> int | None:
        """Questions that would settle the difference as it is seen, four times out of five.

        None where no number would, and where too few questions are discordant to say.
        """
        if self.wins + self.losses < MIN_DISCORDANT:
            return None
        found = questions_needed(
            (self.wins - self.losses) / self.questions, self.discordant, self.level
        )
        return found and max(1, round(found * self.design_effect))

    @property
    def detectable_difference(self) -> float | None:
        """The smallest difference that so many questions settle four times out of five."""
        return minimum_detectable_effect(
            max(1, round(self.questions / self.design_effect)), self.discordant, self.level
        )

    @property
    def discordant(self) -> float:
        """Share of the questions on which just one of the two is right."""
        return (self.wins + self.losses) / self.questions

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "system": self.system,
            "against": self.reference,
            "questions": self.questions,
            "left_out": self.unpaired,
            "units": self.units,
            "exact": self.has_exact_bounds,
            "gained": self.wins,
            "lost": self.losses,
            "p": self.p,
            "adjusted": self.adjusted_p,
            "level": self.level,
            "effect": self.design_effect,
            "difference": self.difference.as_dict(),
            "discordant": self.discordant,
            "settled": self.significant,
            "needed": self.questions_needed,
            "detectable": self.detectable_difference,
            "costs": {name: costs.as_dict() for name, costs in self.costs.items()},
            "price_ratio": self.price_ratio and self.price_ratio.as_dict(),
        }


@dataclass(frozen=True)
class PairedCosts:
    """Both costs for one question, with paired intervals; the ratio is no number where the reference costs nothing."""

    system: float
    reference: float
    difference: Estimate
    ratio: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return the costs as plain data."""
        return {
            "system": self.system,
            "against": self.reference,
            "difference": self.difference.as_dict(),
            "ratio": self.ratio.as_dict(),
        }


def compare_pair(
    system: SystemScores,
    reference: SystemScores,
    basis: PriceBasis | None,
    groups: Mapping[str, str] | None,
    draws: int,
    seed: int,
) -> PairedComparison:
    """Compare two systems on the questions that both have an outcome for.

    Args:
        system: one.
        reference: the other.
        basis: what the price ratio is put on; None where it cannot be.
        groups: by a question's key, what it belongs to.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        CopeError: when they have no question in common.
    """
    keys = [key for key in reference.questions if key in system.questions]
    if not keys:
        raise CopeError(
            f"{system.name} and {reference.name} have no question in common: leave one out"
        )
    ours, theirs = system.right(keys), reference.right(keys)
    belongs = group_labels(keys, groups)
    known = [name for name in MEASURES if _known(name, keys, system, reference)]
    sums = resample(
        _columns(system, reference, known, basis, keys), belongs, draws=draws, seed=seed
    )
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    effect = design_effect(ours.astype(float) - theirs.astype(float), belongs)
    exact, difference = _difference(sums, gained, lost, len(keys), effect)
    p = paired_p(ours, theirs, belongs)
    left_out = len(system.questions.keys() ^ reference.questions.keys())
    return PairedComparison(
        system.name,
        reference.name,
        len(keys),
        left_out,
        sums.units,
        difference,
        exact,
        gained,
        lost,
        p,
        p,
        ALPHA,
        {name: _costs(sums, name) for name in known},
        price_ratio(sums) if basis else None,
        effect,
    )


def _known(measure: str, keys: list[str], *systems: SystemScores) -> bool:
    return all(np.isfinite(system.costs(measure, keys)).all() for system in systems)


def _columns(
    system: SystemScores,
    reference: SystemScores,
    known: list[str],
    basis: PriceBasis | None,
    keys: list[str],
) -> dict[str, Array]:
    columns = {
        "n": np.ones(len(keys)),
        "right": system.scores(keys),
        "right_ref": reference.scores(keys),
    }
    for name in known:
        columns |= {name: system.costs(name, keys), f"{name}_ref": reference.costs(name, keys)}
    if basis:
        for column, tier in (("small", basis.first_tier), ("large", basis.last_tier)):
            columns[column] = system.usage(tier, basis.quantity, keys)
            columns[f"{column}_ref"] = reference.usage(tier, basis.quantity, keys)
    return columns


def _costs(sums: Sums, name: str) -> PairedCosts:
    total, n, ref = sums.total, sums.total["n"], f"{name}_ref"
    return PairedCosts(
        total[name] / n,
        total[ref] / n,
        sums.estimate(lambda s: (s[name] - s[ref]) / s["n"]),
        sums.estimate(lambda s: s[name] / s[ref]),
    )


def _difference(sums: Sums, gained: int, lost: int, n: int, effect: float) -> tuple[bool, Estimate]:
    """The difference in accuracy, by the bootstrap, or by exact bounds where few questions are discordant."""
    drawn = sums.estimate(lambda s: (s["right"] - s["right_ref"]) / s["n"])
    if gained + lost >= MIN_DISCORDANT_FOR_BOOTSTRAP:
        return False, drawn
    # Where nothing differs no effect of groups is seen, and all questions of a group may be alike.
    wider = effect if gained + lost else n / sums.units
    return True, Estimate(drawn.value, *exact_bounds(gained / wider, lost / wider, n / wider))
