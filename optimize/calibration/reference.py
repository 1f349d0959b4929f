"""What the tested questions of a calibration looked like, so that later traffic is compared."""

from typing import Any

import numpy as np

from ...errors import CopeError
from ...eval import Replay
from ...util.arrays import Array
from .losses import disagreement
from .result import Calibration

REFERENCE = "reference"
"""The key in the further reports of a certificate."""

_BINS = 40  # the shares of 2, 4, 5, 8, 10 or 20 votes are exact, and ranks are binned


def reference(calibration: Calibration) -> dict[str, Any] | None:
    """Return counts of the tested questions, with the chosen setting, as plain data.

    Returns:
        `rounds`: how many questions each round answers. `confidence`: how many have each confidence
        in the first round, by its text. `compared` and `disagreed`: how many answers were compared
        with the last tier's own, and how many differ; None where they cannot be compared. None
        when the last tier alone answers.
    """
    replay = calibration.replay
    if replay is None:
        return None
    outcomes = replay.outcomes()
    rows = calibration.split.test.rows
    rows = rows[outcomes.known[rows]]
    rounds = np.bincount(outcomes.round[rows] - 1, minlength=len(replay.rounds))
    plain: dict[str, Any] = {
        "rounds": rounds.tolist(),
        "confidence": confidence_counts(first_confidences(replay)[rows]),
        "compared": len(rows),
        "disagreed": None,
    }
    try:
        lost = disagreement(replay, calibration.baseline)[rows, outcomes.round[rows] - 1]
    except CopeError:  # programs are not compared
        return plain
    plain["disagreed"] = int(lost.sum())
    return plain


def first_confidences(replay: Replay) -> Array:
    """Return (questions,): the confidence of the first round."""
    return replay.confidence[:, 0]


def confidence_counts(confidences: Array) -> dict[str, int]:
    """Return how many questions have each confidence, to the next fortieth.

    >>> confidence_counts(np.array([0.25, 1.0, 1.0]))
    {'0.250': 1, '1.000': 2}
    """
    levels, counts = np.unique(np.round(confidences * _BINS) / _BINS, return_counts=True)
    return {f"{level:.3f}": int(count) for level, count in zip(levels, counts, strict=True)}
