"""The thresholds of a replay: one setting or many, as an array."""

from typing import Any

import numpy as np

from ...errors import CopeError
from ...programs.preset import Preset
from ...util.arrays import Array


def threshold_settings(thresholds: Any, preset: Preset) -> Array:
    """Return thresholds as (settings, gates) of float.

    Args:
        thresholds: (settings, gates), or one setting; each above 0 and up to 1.
        preset: its gates are all rounds but the last.

    Raises:
        CopeError: if their number or a value is wrong.
    """
    gates = len(preset.rounds) - 1
    rows = np.asarray(thresholds, dtype=float)
    if rows.ndim < 2 and rows.size == gates:
        rows = rows.reshape(1, gates)
    if rows.ndim != 2 or rows.shape[1] != gates:
        raise CopeError(
            f"preset {preset.name!r} has {gates} thresholds: give that many for each setting"
        )
    if not ((rows > 0) & (rows <= 1)).all():
        raise CopeError("thresholds are above 0 and up to 1")
    return rows
