"""The mean cost of a question, by the measures of `cope compare` and `cope calibrate`."""

from collections import Counter
from collections.abc import Mapping
from math import isnan
from typing import NamedTuple

from ..eval.replay.results import Sweep
from ..models import Usage
from ..stats.measures import MEASURES
from ..util.arrays import Array
from .sources.base import ReportSource, ReportSystem

_DEFAULT_ORDER = ("large-tokens", "large-calls", "cost", "cost-small-free", "seconds")


class ReportMeasure(NamedTuple):
    """The texts of a cost measure on the page.

    Attributes:
        name: its key in `MEASURES`.
        description: the label of an axis.
        short: the label of a column or a switch.
    """

    name: str
    description: str
    short: str

    def as_dict(self) -> dict[str, str]:
        """Return the measure as it is written in the JSON document."""
        return {"name": self.name, "words": self.description, "short": self.short}


def report_measures(source: ReportSource) -> list[ReportMeasure]:
    """Return the cost measures, those that are known for most systems first."""
    known: Counter[str] = Counter()
    for system in source.systems:
        for name, cost in costs_per_question(system, source.last_tier).items():
            known[name] += cost is not None
    ranked = sorted(_DEFAULT_ORDER, key=lambda name: -known[name])
    return [_report_measure(name, source.last_tier) for name in ranked]


def _report_measure(name: str, last_tier: str) -> ReportMeasure:
    measure = MEASURES[name]
    per = "a question"
    if measure.scale != 1.0:
        per = f"{measure.scale:,.0f} questions"
    return ReportMeasure(
        name, f"{measure.description_for(last_tier)}, {per}", measure.unit_for(last_tier)
    )


def costs_per_question(system: ReportSystem, last_tier: str) -> dict[str, float | None]:
    """Return the mean cost of a question by measure, in the measure's unit; unknown costs are None.

    Args:
        system: the system.
        last_tier: the last tier.
    """
    tiers, n = system.summary.tiers, system.summary.n

    def usage_of(field: str, tier: str) -> float:
        return tiers.get(tier, Usage()).amount(field)

    costs: dict[str, float | None] = {}
    for name, measure in MEASURES.items():
        total = measure.scale * measure.total(usage_of, tiers, last_tier)
        costs[name] = None if not n or isnan(total) else total / n
    return costs


def sweep_costs_per_question(swept: Sweep, last_tier: str) -> Mapping[str, Array]:
    """Return the mean cost of a question by measure, as an array with a value for each setting."""
    tiers = sorted({tier for tier, _ in swept.usage})
    costs: dict[str, Array] = {}
    for name, measure in MEASURES.items():
        total = measure.total(swept.total, tiers, last_tier)
        costs[name] = measure.scale * total / swept.questions
    return costs
