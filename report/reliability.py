"""The reliability of the confidence of each round of a system."""

from collections.abc import Mapping

import numpy as np

from ..stats.clustered import group_labels
from ..stats.reliability import Reliability, measure_reliability
from .sources.base import ReportSystem, RoundView


def _round_confidences(
    system: ReportSystem, round_: RoundView
) -> Mapping[str, tuple[float, bool | None]]:
    """Return by question the confidence of a round, and whether the round's answer is right."""
    confidences: dict[str, tuple[float, bool | None]] = {}
    for record in system.records:
        if record.error is not None:
            continue
        for entry in record.rounds:
            if entry["round"] == round_.number:
                is_right = system.is_right.get((record.key, round_.number))
                confidences[record.key] = entry["confidence"] or 0.0, is_right
    return confidences


def round_reliability(
    system: ReportSystem, groups: Mapping[str, str] | None = None
) -> list[Reliability]:
    """Return the reliability of each round with several samples, over the questions that reach it.

    Args:
        system: the system.
        groups: the group of a question, by its key. The questions of a group are recalibrated
            together.
    """
    levels: list[Reliability] = []
    for round_ in system.rounds:
        keys: list[str] = []
        confidence: list[float] = []
        right: list[bool] = []
        for key, (value, is_right) in _round_confidences(system, round_).items():
            if is_right is not None:
                keys.append(key)
                confidence.append(value)
                right.append(is_right)
        if round_.samples < 2 or not keys:
            continue
        units = group_labels(keys, groups)
        levels.append(
            measure_reliability(
                round_.number,
                "reaching",
                np.array(confidence, float),
                np.array(right, bool),
                np.array(keys) if units is None else units,
                round_.threshold,
            )
        )
    return levels


def unscored_count(system: ReportSystem, round_: RoundView) -> int:
    """Return the number of questions for which the correctness of the round is unknown."""
    if round_.samples < 2:
        return 0
    return sum(right is None for _, right in _round_confidences(system, round_).values())
