"""What a question costs, by the measures that `cope compare` shows and `cope calibrate` minimizes."""

from collections.abc import Mapping
from math import isnan
from typing import NamedTuple

from ..eval.replay.results import Sweep
from ..models import Usage
from ..stats.measures import LARGE, MEASURES
from ..util.arrays import Array
from .sources.base import ReportSource, ReportSystem

_DEFAULT_ORDER = ("large-tokens", "large-calls", "cost", "cost-small-free", "seconds")


class ReportMeasure(NamedTuple):
    """A measure as the page names it: for an axis, and short, for a column or a switch."""

    name: str
    description: str
    short: str

    def as_dict(self) -> dict[str, str]:
        """The names of the document."""
        return {"name": self.name, "words": self.description, "short": self.short}


def report_measures(source: ReportSource) -> list[ReportMeasure]:
    """The measures by name, those that are known for most systems first."""
    known = {
        name: sum(
            costs_per_question(system, source.top)[name] is not None for system in source.systems
        )
        for name in MEASURES
    }
    ranked = sorted(_DEFAULT_ORDER, key=lambda name: -known[name])
    return [_report_measure(name, source.top) for name in ranked]


def _report_measure(name: str, top: str) -> ReportMeasure:
    measure = MEASURES[name]
    per = "a question" if measure.scale == 1.0 else f"{measure.scale:,.0f} questions"
    return ReportMeasure(name, f"{measure.description_for(top)}, {per}", measure.unit_for(top))


def costs_per_question(system: ReportSystem, top: str = LARGE) -> dict[str, float | None]:
    """What a question costs on average, by measure and in its unit; None where it is not known.

    Args:
        system: the system.
        top: the tier that counts as the large one.
    """
    tiers, n = system.summary.tiers, system.summary.n

    def spent(what: str, tier: str) -> float:
        return tiers.get(tier, Usage()).amount(what)

    totals = {
        name: measure.scale * measure.total(spent, tiers, top) for name, measure in MEASURES.items()
    }
    return {name: None if not n or isnan(total) else total / n for name, total in totals.items()}


def sweep_costs_per_question(swept: Sweep, top: str) -> Mapping[str, Array]:
    """The same of every setting of a sweep."""
    tiers = {tier for tier, _ in swept.usage}
    return {
        name: measure.scale * measure.total(swept.total, sorted(tiers), top) / swept.questions
        for name, measure in MEASURES.items()
    }
