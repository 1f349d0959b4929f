"""How reliable a round's confidence is: share of votes against accuracy, also recalibrated."""

from collections.abc import Sequence

import numpy as np

from ...eval import Replay
from ...stats.reliability import (
    Reliability,
    ReliabilityBin,
    cross_fitted_isotonic,
    measure_reliability,
)
from .split import unit_labels

__all__ = ["Reliability", "ReliabilityBin", "cross_fitted_isotonic", "reliability"]


def reliability(
    replay: Replay, groups: Sequence[str | None] | None = None, seed: int = 0
) -> list[Reliability]:
    """Return the reliability of each round with several samples.

    Later rounds are measured on all questions, and on the questions that reach them.

    Args:
        replay: the cascade with its thresholds and samples.
        groups: questions with an equal value are recalibrated together.
        seed: the seed of the folds.
    """
    answering = replay.outcomes().round
    labels = unit_labels(replay.recording.keys, groups)
    reliabilities = []
    for round_ in replay.rounds:
        if round_.recorded is None or round_.spec.samples < 2:
            continue
        populations = {"all": round_.known}
        if round_.number > 1:
            populations["reaching"] = round_.known & (answering >= round_.number)
        for population, included in populations.items():
            rows = np.flatnonzero(included)
            if rows.size:
                measured = measure_reliability(
                    round_.number,
                    population,
                    np.maximum(round_.confidence[rows], 0.0),
                    round_.scores[rows] >= 1.0,
                    labels[rows],
                    round_.spec.threshold,
                    seed,
                )
                reliabilities.append(measured)
    return reliabilities
