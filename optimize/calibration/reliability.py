"""How far a round's confidence can be trusted: share of votes against accuracy, before and after recalibration."""

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
    """The reliability of each round that has a vote.

    Args:
        replay: the cascade with its thresholds and samples.
        groups: questions with the same value belong together; they are recalibrated together.
        seed: of the folds.
    """
    reached = replay.outcomes().round
    found = []
    for round_ in replay.rounds:
        if round_.recorded is None or round_.spec.samples < 2:
            continue
        confidence = np.maximum(round_.confidence, 0.0)
        for who in ("all", "reaching") if round_.number > 1 else ("all",):
            rows = np.flatnonzero(round_.known & ((who == "all") | (reached >= round_.number)))
            if rows.size:
                named = [replay.recording.keys[row] for row in rows.tolist()]
                units = unit_labels(
                    named, [groups[row] for row in rows.tolist()] if groups else None
                )
                right = round_.scores[rows] >= 1.0
                found.append(
                    measure_reliability(
                        round_.number,
                        who,
                        confidence[rows],
                        right,
                        units,
                        round_.spec.threshold,
                        seed,
                    )
                )
    return found
