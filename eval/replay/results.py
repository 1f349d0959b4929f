"""The outcomes of a replay: one setting question by question, or totals of many settings."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...util.arrays import Array

TIER_USAGE_FIELDS = ("calls", "prompt_tokens", "plan_tokens", "answer_tokens", "usd", "seconds")
"""The usage that is counted for each tier; `seconds` is machine time."""


@dataclass(frozen=True)
class ReplayOutcomes:
    """The outcomes of one setting, question by question; every array is (questions,).

    Attributes:
        round: the round that answers, from 1; where `known` is false, the round whose calls are
            missing in the recording.
        known: whether the recording holds all calls that the question needs.
        score: of the answer, 0 to 1; NaN where the outcome or the right answer is unknown.
        answer: str or None; None also where the outcome is unknown.
        confidence: of the round that answers; NaN without an answer or a known outcome.
        usage: by tier and field of `TIER_USAGE_FIELDS`; NaN is unknown.
    """

    round: Array
    known: Array
    score: Array
    answer: Array
    confidence: Array
    usage: dict[tuple[str, str], Array]


@dataclass(frozen=True)
class Sweep:
    """The totals of many settings; every array has one entry for each row of `thresholds`.

    Attributes:
        thresholds: (settings, gates).
        questions: number of questions.
        unknown: questions that need calls which the recording does not hold.
        answered: (settings, rounds): questions answered in each round, without the unknown ones.
        accuracy: mean score; NaN where questions are unknown, unless the sweep is partial, or where
            a right answer is unknown.
        usage: totals by tier and field of `TIER_USAGE_FIELDS`; NaN as for accuracy, and where the
            recording lacks a value.
        values: totals of the caller's own values; NaN as for accuracy.
    """

    thresholds: Array
    questions: int
    unknown: Array
    answered: Array
    accuracy: Array
    usage: dict[tuple[str, str], Array]
    values: dict[str, Array]

    def total(self, field: str, tier: str | None = None) -> Array:
        """Return the total of a usage field, of one tier or of all.

        Args:
            field: one of `TIER_USAGE_FIELDS`.
            tier: the tier; None for all.
        """
        return _total(self.usage, field, tier)

    def completion_tokens(self, tier: str) -> Array:
        """Return the tokens that a tier wrote, in plans and solutions."""
        return self.total("plan_tokens", tier) + self.total("answer_tokens", tier)


def _total(usage: Mapping[tuple[str, str], Array], field: str, tier: str | None) -> Array:
    arrays = []
    for (array_tier, array_field), array in usage.items():
        if array_field == field and tier in (None, array_tier):
            arrays.append(array)
    if not arrays:  # a tier that is never asked
        return np.zeros_like(next(iter(usage.values())))
    return np.sum(arrays, axis=0)
