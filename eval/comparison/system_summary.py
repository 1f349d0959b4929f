"""Summarize one system of a comparison: accuracy with its interval, and costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...stats.clustered import clustered_wilson
from ...stats.measures import MEASURES
from ...stats.resampling import Resampling
from .systems import SystemScores


@dataclass(frozen=True)
class SystemSummary:
    """The summary of one system.

    Attributes:
        n: number of questions with a result. Accuracy, interval and costs are over these.
        missing: number of questions of the comparison without a result.
        accuracy: mean score.
        interval: the 95% Wilson interval of the accuracy, which takes groups into account.
        costs: mean cost of a question by measure, at most; None if unknown.
        costs_at_least: the same at least, which is less if calls were stopped whose usage nobody
            reported.
        bounds: the accuracy over all questions if the missing ones were wrong, and if they were
            right; None if none is missing.
        bounds_interval: from the lower end of the 95% interval of the first bound to the upper end
            of that of the second one.
    """

    n: int
    missing: int
    accuracy: float
    interval: tuple[float, float]
    costs: dict[str, float | None]
    costs_at_least: dict[str, float | None]
    bounds: tuple[float, float] | None
    bounds_interval: tuple[float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {
            "n": self.n,
            "lacking": self.missing,
            "accuracy": self.accuracy,
            "interval": self.interval,
            "costs": self.costs,
            "costs_at_least": self.costs_at_least,
            "bounds": self.bounds,
            "bounds_interval": self.bounds_interval,
        }


def summarize_system(
    system: SystemScores, all_keys: Sequence[str], resampling: Resampling
) -> SystemSummary:
    """Summarize a system.

    Args:
        system: the system.
        all_keys: the keys of all questions of the comparison.
        resampling: the groups of the questions.
    """
    keys = list(system.questions)
    scores = system.scores(keys)
    costs: dict[str, float | None] = {}
    costs_at_least: dict[str, float | None] = {}
    for measure in MEASURES:
        is_known = system.is_known(measure)
        costs[measure] = float(system.costs(measure, keys).mean()) if is_known else None
        least = float(system.costs_at_least(measure, keys).mean())
        costs_at_least[measure] = least if is_known else None
    missing = [key for key in all_keys if key not in system.questions]
    bounds = bounds_interval = None
    if missing:
        labels = resampling.labels([*keys, *missing])
        lowest = np.append(scores, np.zeros(len(missing)))
        highest = np.append(scores, np.ones(len(missing)))
        bounds = float(lowest.mean()), float(highest.mean())
        bounds_interval = clustered_wilson(lowest, labels)[0], clustered_wilson(highest, labels)[1]
    return SystemSummary(
        n=len(keys),
        missing=len(missing),
        accuracy=float(scores.mean()),
        interval=clustered_wilson(scores, resampling.labels(keys)),
        costs=costs,
        costs_at_least=costs_at_least,
        bounds=bounds,
        bounds_interval=bounds_interval,
    )
