"""The figures of a system by a field of the questions, such as level or subject."""

from typing import Any

from ..eval.run.breakdown import PartSummary
from ..eval.run.by_field import break_down
from .sources.base import ReportSource, ReportSystem


def system_breakdowns(source: ReportSource, system: ReportSystem) -> list[dict[str, Any]]:
    """Return the figures of a system for each value of each field that `cope eval --by` named.

    Returns:
        For each field `field` and `values`, a list with `value`, `n`, `accuracy`, `interval`,
        `shares` (of the questions, by the round that answered) and `total` (calls, tokens, USD and
        seconds). Unknown figures are None.
    """
    found: list[dict[str, Any]] = []
    for field, values in source.values_by_field.items():
        known = [record for record in system.records if record.key in values]
        if known:
            parts = break_down(field, values, known, len(system.rounds), source.groups).parts
            rows = [_figures(value, part) for value, part in parts.items()]
            found.append({"field": field, "values": rows})
    return found


def _figures(value: str, part: PartSummary) -> dict[str, Any]:
    return {
        "value": value,
        "n": part.n,
        "accuracy": part.accuracy,
        "interval": list(part.interval),
        "shares": [round_.share for round_ in part.rounds],
        "total": part.total.summary(),
    }
