"""What a system costs compared with the last tier alone, and what it saves, in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...models.cost import CostBounds
from ...stats.bootstrap import Estimate
from ...stats.measures import MEASURES
from ...stats.resampling import Resampling
from ...util.text import plural
from .systems import SystemScores

_PER = 1000
_BY_PREFERENCE = ("cost", "large-tokens", "large-calls")
"""The measures of a saving. The first one that is known for both systems is used."""


@dataclass(frozen=True)
class Saving:
    """What a system costs compared with the last tier alone, on the questions of both.

    Attributes:
        system: the name of the system.
        last_tier: the last tier, whose answers alone are the baseline.
        measure: `cost` where all prices are known, else the tokens or calls of the last tier.
        questions: the number of questions.
        cost: the mean cost of a question of the system at least and at most, by the measure.
        reference_cost: the same of the last tier alone.
        saving: the share of the cost that the system saves, if it costs its upper bound; its
            interval is of the paired bootstrap over questions. Not finite if the last tier alone
            costs nothing.
        saving_at_most: the same if it costs its lower bound.
        accuracy: mean score of the system.
        reference_accuracy: mean score of the last tier alone.
    """

    system: str
    last_tier: str
    measure: str
    questions: int
    cost: tuple[float, float]
    reference_cost: tuple[float, float]
    saving: Estimate
    saving_at_most: Estimate
    accuracy: float
    reference_accuracy: float

    def as_dict(self) -> dict[str, Any]:
        """Return the saving as plain data, with its sentence."""
        return {
            "system": self.system,
            "last_tier": self.last_tier,
            "by": self.measure,
            "questions": self.questions,
            "per_1000": [_PER * bound for bound in self.cost],
            "last_tier_per_1000": [_PER * bound for bound in self.reference_cost],
            "saving": self.saving.as_dict(),
            "saving_at_most": self.saving_at_most.as_dict(),
            "accuracy": self.accuracy,
            "last_tier_accuracy": self.reference_accuracy,
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """The saving as a sentence."""
        ours, theirs = self._amount(self.cost), self._amount(self.reference_cost)
        start = ""
        if self.measure != "cost":
            start = "prices are not known for all tiers (give --price TIER=IN/OUT): "
        verb = {"cost": "costs", "large-tokens": "takes", "large-calls": "makes"}[self.measure]
        return (
            f"{start}{self.system} {verb} {ours} per {_PER:,} questions and {self.last_tier} alone "
            f"{theirs}: {self._saving_phrase()}, with an accuracy of {self.accuracy:.1%} compared "
            f"with {self.reference_accuracy:.1%} ({plural(self.questions, 'question')})"
        )

    def _amount(self, bounds: tuple[float, float]) -> str:
        low, high = (_PER * bound for bound in bounds)
        if self.measure == "cost":
            return CostBounds(low, high).text
        amount = f"{low:,.0f}" if low == high else f"between {low:,.0f} and {high:,.0f}"
        return f"{amount} {self.unit}"

    @property
    def unit(self) -> str:
        """What is saved: money, or the tokens or calls of the last tier."""
        return "USD" if self.measure == "cost" else MEASURES[self.measure].unit_for(self.last_tier)

    @property
    def share_text(self) -> str:
        """The share that is saved, as a percentage; negative where the system costs more."""
        least, most = self.saving.value, self.saving_at_most.value
        if not isfinite(least) or not isfinite(most):
            return "-"
        return _range_text(least, most)

    @property
    def interval_text(self) -> str:
        """The 95% interval of the share that is saved."""
        low, high = self.saving.low, self.saving_at_most.high
        if not isfinite(low) or not isfinite(high):
            return "-"
        return f"{low:.0%} to {high:.0%}"

    def _saving_phrase(self) -> str:
        least, most = self.saving.value, self.saving_at_most.value
        low, high = self.saving.low, self.saving_at_most.high
        if not isfinite(least) or not isfinite(most):
            return "nothing can be saved"
        verb, more = "saves", ""
        if most < 0:
            verb, more = "costs", " more"
            least, most, low, high = -most, -least, -high, -low
        share = _range_text(least, most)
        if not isfinite(low) or not isfinite(high):
            return f"it {verb} {share}{more} (too few questions for an interval)"
        return f"it {verb} {share}{more} (95% interval {low:.0%} to {high:.0%})"


def _range_text(least: float, most: float) -> str:
    """Format two shares, or one if they read the same.

    >>> _range_text(0.5, 0.5), _range_text(0.5, 0.6)
    ('50%', '50% to 60%')
    """
    first, last = f"{least:.0%}", f"{most:.0%}"
    return first if first == last else f"{first} to {last}"


def find_savings(
    systems: Mapping[str, SystemScores], last_tier: str, resampling: Resampling
) -> tuple[Saving, ...]:
    """Return the saving of each system that has questions in common with the last tier alone.

    Args:
        systems: the systems by name; the last tier alone has the name of the tier.
        last_tier: the last tier.
        resampling: the options of the bootstrap.

    Returns:
        Empty if the last tier alone is not among the systems.
    """
    alone = systems.get(last_tier)
    if alone is None:
        return ()
    found: list[Saving] = []
    for system in systems.values():
        keys = [key for key in alone.questions if key in system.questions]
        if system is not alone and keys:
            found.append(_saving(system, alone, last_tier, keys, resampling))
    return tuple(found)


def _saving(
    system: SystemScores,
    alone: SystemScores,
    last_tier: str,
    keys: list[str],
    resampling: Resampling,
) -> Saving:
    measure = _BY_PREFERENCE[-1]
    for name in _BY_PREFERENCE:
        if system.is_known(name, keys) and alone.is_known(name, keys):
            measure = name
            break
    columns = {
        "n": np.ones(len(keys)),
        "score": system.scores(keys),
        "score_ref": alone.scores(keys),
        "low": system.costs_at_least(measure, keys),
        "high": system.costs(measure, keys),
        "low_ref": alone.costs_at_least(measure, keys),
        "high_ref": alone.costs(measure, keys),
    }
    sums = resampling.sums(columns, keys)
    mean = {name: value / len(keys) for name, value in sums.total.items()}
    return Saving(
        system=system.name,
        last_tier=last_tier,
        measure=measure,
        questions=len(keys),
        cost=(mean["low"], mean["high"]),
        reference_cost=(mean["low_ref"], mean["high_ref"]),
        saving=sums.estimate(lambda s: 1 - s["high"] / s["low_ref"]),
        saving_at_most=sums.estimate(lambda s: 1 - s["low"] / s["high_ref"]),
        accuracy=mean["score"],
        reference_accuracy=mean["score_ref"],
    )
