"""The usage of each tier in the rounds of a replay."""

from collections.abc import Sequence

import numpy as np

from ...util.arrays import Array
from .round import ReplayedRound

_USAGE_SOURCES = {
    "plan_tokens": ("plan", "completion_tokens"),
    "answer_tokens": ("reason", "completion_tokens"),
    "seconds": (None, "machine_seconds"),
}
"""The role (None: all) and the column of a call behind a field of `TIER_USAGE_FIELDS`."""


def tier_usage(round_: ReplayedRound, field: str, tier: str) -> Array:
    """Return the usage of a tier's calls in a round, (questions,)."""
    role, column = _USAGE_SOURCES.get(field, (None, field))
    total = np.zeros(len(round_.known))
    for (call_tier, call_role), usage in round_.usage.items():
        if call_tier == tier and role in (None, call_role):
            total = total + usage[column]
    return total


def usage_of_rounds(rounds: Sequence[ReplayedRound], columns: Sequence[tuple[str, str]]) -> Array:
    """Return the usage of all rounds, (rounds, questions, columns) of float.

    Args:
        rounds: the rounds, at least one.
        columns: the tier and the field of each column.
    """
    arrays = np.zeros((len(rounds), len(rounds[0].known), len(columns)))
    for index, round_ in enumerate(rounds):
        for column, (tier, field) in enumerate(columns):
            arrays[index, :, column] = tier_usage(round_, field, tier)
    return arrays
