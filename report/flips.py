"""The questions on which a system and the last tier alone differ, by round and by field."""

from typing import Any

from ..eval.comparison.flips import Flips, flip_table
from ..eval.run.store import QuestionResult
from .sources.base import ReportSource, ReportSystem


def flip_figures(source: ReportSource, system: ReportSystem) -> dict[str, Any] | None:
    """Return the flips of a system against the last tier alone.

    Returns:
        `against` and `parts`: for all questions, for each round and for each value of each field, a
        row with `part` (`all`, `round`, or the field), `name`, `questions`, and the ids of the
        questions `helped` and `harmed`. None for the last tier itself, or without it.
    """
    alone = source.last_tier_alone
    if alone is None or system is alone:
        return None
    ours, theirs = _scored(system), _scored(alone)
    found = flip_table(system.name, ours, alone.name, theirs)
    parts = [_part("all", "", found.total)]
    for number, flips in found.by_round.items():
        parts.append(_part("round", str(number), flips))
    for field, values in source.values_by_field.items():
        by_field = flip_table(system.name, ours, alone.name, theirs, values).by_field
        for value, flips in by_field.items():
            parts.append(_part(field, value, flips))
    return {"against": alone.name, "parts": parts}


def _scored(system: ReportSystem) -> list[QuestionResult]:
    """Return the results of the questions whose right answer is known."""
    return [record for record in system.records if record.score is not None]


def _part(part: str, name: str, flips: Flips) -> dict[str, Any]:
    return {
        "part": part,
        "name": name,
        "questions": flips.questions,
        "helped": list(flips.helped),
        "harmed": list(flips.harmed),
    }
