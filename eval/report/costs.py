"""What a question costs, by four measures; `cope calibrate` minimizes the same ones."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..replay_figures import Sweep
from ..summary import Spent
from .source import LARGE, Source, System

Array = np.ndarray[Any, Any]


class Measure(NamedTuple):
    """A measure: in words for an axis, and short, for a column or a switch."""

    name: str
    words: str
    short: str


def measures(source: Source) -> list[Measure]:
    """The measures by name, those that are known for most systems first."""
    top = source.top
    found = [
        Measure("large-tokens", f"tokens that {_the(top)} writes, a question", f"{top} tokens"),
        Measure("large-calls", f"calls to {_the(top)}, a question", f"{top} calls"),
        Measure("cost", "USD for 1,000 questions", "money"),
        Measure("seconds", "seconds of model time, a question", "seconds"),
    ]
    known = {
        measure.name: sum(use(system, top)[measure.name] is not None for system in source.systems) for measure in found
    }
    return sorted(found, key=lambda measure: -known[measure.name])


def _the(tier: str) -> str:
    return f"the {tier} tier"


def use(system: System, top: str = LARGE) -> dict[str, float | None]:
    """What a question costs on average, by measure; None where it is not known.

    Args:
        system: the system.
        top: the tier that counts as the large one.
    """
    summary = system.summary
    spent = summary.tiers.get(top, Spent())
    written = (
        None if spent.plan_tokens is None or spent.answer_tokens is None else spent.plan_tokens + spent.answer_tokens
    )
    usd = None if summary.total.unpriced or summary.total.usd is None else 1000 * summary.total.usd
    totals = {"large-tokens": written, "large-calls": spent.calls, "cost": usd, "seconds": summary.total.seconds}
    return {name: None if value is None or not summary.n else value / summary.n for name, value in totals.items()}


def replay_use(swept: Sweep, questions: int, tiers: Sequence[str]) -> Mapping[str, Array]:
    """The same of every setting of a sweep."""
    top = LARGE if LARGE in tiers else tiers[-1]
    totals = {
        "large-tokens": swept.written(top), "large-calls": swept.total("calls", top), "cost": 1000 * swept.total("usd"),
        "seconds": swept.total("seconds"),
    }  # fmt: skip
    return {name: values / questions for name, values in totals.items()}
