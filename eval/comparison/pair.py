"""Compare one system with the reference, on the questions for which both have a result."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import CopeError
from ...stats.bootstrap import Estimate, Sums
from ...stats.clustered import design_effect
from ...stats.difference import OneSidedBounds, PairedScores, exact_or_score_bounds
from ...stats.measures import MEASURES
from ...stats.paired import paired_p
from ...stats.power import (
    minimum_detectable_effect,
    questions_for_margin,
    questions_for_mean_margin,
    questions_needed,
)
from ...stats.resampling import Resampling
from ...util.arrays import Array
from .price_ratio import PriceBasis, PriceRatio, price_ratio
from .systems import SystemScores

ALPHA = 0.05
MIN_DISCORDANT = 5
"""With fewer discordant questions the number of questions needed cannot be estimated."""


@dataclass(frozen=True)
class PairedComparison:
    """A system compared with the reference.

    Attributes:
        system: the name of the system.
        reference: the name of the reference.
        questions: number of questions with a result of both.
        unpaired: number of questions with a result of only one of them.
        units: number of questions, or of groups of questions, that the bootstrap draws from.
        difference: the accuracy of the system minus that of the reference.
        has_exact_bounds: whether the interval of the difference is made of exact bounds, because
            too few questions are discordant for the bootstrap.
        wins: number of questions on which only the system is right.
        losses: number of questions on which only the reference is right.
        p: McNemar's exact p-value, or that of its grouped form, see `paired_p`.
        adjusted_p: the p-value after Holm's correction.
        level: the level that Holm's procedure compares `p` with.
        costs: both mean costs of a question, their paired difference and ratio, by measure; without
            measures that are unknown for one of them.
        price_ratio: the cost by the ratio of the prices; None if unknown.
        design_effect: the factor by which groups increase the variance of the difference; 1 without
            groups.
        has_partial_scores: whether some scores are neither 0 nor 1.
        deviation: the standard deviation of the difference in score of a question.
        drawn_bounds: the bounds if questions are grouped or scores are not only 0 and 1; None
            otherwise, because the exact test or the score test then gives them.
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
    has_partial_scores: bool
    deviation: float
    drawn_bounds: OneSidedBounds | None

    def with_holm(self, adjusted_p: float, level: float) -> "PairedComparison":
        """Return the comparison with the results of Holm's procedure."""
        return replace(self, adjusted_p=adjusted_p, level=level)

    @property
    def significant(self) -> bool:
        """Whether the adjusted p-value is at most 0.05."""
        return self.adjusted_p <= ALPHA

    @property
    def questions_needed(self) -> int | None:
        """Number of questions that would make the observed difference significant with power 80%.

        None if no number would, or if too few questions are discordant for an estimate.
        """
        if self.wins + self.losses < MIN_DISCORDANT:
            return None
        difference = (self.wins - self.losses) / self.questions
        needed = questions_needed(difference, self.discordant, self.level)
        return needed and max(1, round(needed * self.design_effect))

    @property
    def detectable_difference(self) -> float | None:
        """The smallest difference that this number of questions detects with power 80%."""
        effective = max(1, round(self.questions / self.design_effect))
        return minimum_detectable_effect(effective, self.discordant, self.level)

    @cached_property
    def one_sided_bounds(self) -> OneSidedBounds:
        """The bounds of the difference, each with 95% confidence."""
        if self.drawn_bounds:
            return self.drawn_bounds
        return exact_or_score_bounds(self.wins, self.losses, self.questions)

    def questions_for_margin(self, margin: float) -> int | None:
        """Return the number of questions that show non-inferiority within a margin, power 80%.

        None if no number does at the observed difference.
        """
        if self.difference.value + margin < 1e-9:
            return None
        if self.has_partial_scores:
            needed = questions_for_mean_margin(self.difference.value, self.deviation, margin)
        else:
            needed = questions_for_margin(self.wins, self.losses, self.questions, margin)
        return needed and max(1, round(needed * self.design_effect))

    @property
    def discordant(self) -> float:
        """The share of the questions on which only one of the two is right."""
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
    """The mean costs of a question of both systems, with paired intervals.

    Attributes:
        system: the cost of the system.
        reference: the cost of the reference.
        difference: the cost of the system minus that of the reference.
        ratio: the cost of the system divided by that of the reference; not finite if the reference
            costs nothing.
    """

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
    basis: PriceBasis | None = None,
    resampling: Resampling = Resampling(),  # noqa: B008 (immutable)
) -> PairedComparison:
    """Compare two systems on the questions for which both have a result.

    Args:
        system: the system.
        reference: the reference.
        basis: what the price ratio is applied to; None if it cannot be applied.
        resampling: the options of the bootstrap.

    Raises:
        CopeError: if they have no question in common.
    """
    keys = [key for key in reference.questions if key in system.questions]
    if not keys:
        raise CopeError(
            f"{system.name} and {reference.name} have no question in common: leave one out"
        )
    right, reference_right = system.right(keys), reference.right(keys)
    wins = int((right & ~reference_right).sum())
    losses = int((reference_right & ~right).sum())
    labels = resampling.labels(keys)
    effect = design_effect(right.astype(float) - reference_right.astype(float), labels)
    measures = []
    for measure in MEASURES:
        if system.is_known(measure, keys) and reference.is_known(measure, keys):
            measures.append(measure)
    sums = resampling.sums(_columns(system, reference, measures, basis, keys), keys)
    scores = PairedScores(system.scores(keys), reference.scores(keys), labels, sums)
    p = paired_p(right, reference_right, labels)
    return PairedComparison(
        system=system.name,
        reference=reference.name,
        questions=len(keys),
        unpaired=len(system.questions.keys() ^ reference.questions.keys()),
        units=sums.units,
        difference=scores.difference(),
        has_exact_bounds=scores.has_few_differing,
        wins=wins,
        losses=losses,
        p=p,
        adjusted_p=p,
        level=ALPHA,
        costs={measure: _paired_costs(sums, measure) for measure in measures},
        price_ratio=price_ratio(sums) if basis else None,
        design_effect=effect,
        has_partial_scores=scores.has_partial,
        deviation=float(scores.gains.std()),
        drawn_bounds=scores.drawn_bounds(),
    )


def _columns(
    system: SystemScores,
    reference: SystemScores,
    measures: list[str],
    basis: PriceBasis | None,
    keys: list[str],
) -> dict[str, Array]:
    """Return the columns of the bootstrap, (questions,) each; `_ref` marks the reference."""
    columns = {
        "n": np.ones(len(keys)),
        "right": system.scores(keys),
        "right_ref": reference.scores(keys),
    }
    for measure in measures:
        columns[measure] = system.costs(measure, keys)
        columns[f"{measure}_ref"] = reference.costs(measure, keys)
    if basis:
        for column, tier in (("small", basis.first_tier), ("large", basis.last_tier)):
            columns[column] = system.usage(tier, basis.quantity, keys)
            columns[f"{column}_ref"] = reference.usage(tier, basis.quantity, keys)
    return columns


def _paired_costs(sums: Sums, measure: str) -> PairedCosts:
    total, reference = sums.total, f"{measure}_ref"
    return PairedCosts(
        system=total[measure] / total["n"],
        reference=total[reference] / total["n"],
        difference=sums.estimate(lambda s: (s[measure] - s[reference]) / s["n"]),
        ratio=sums.estimate(lambda s: s[measure] / s[reference]),
    )
