"""What a replay comes to: one setting question by question, or many settings in totals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..recording.round import Array

TIER_USAGE_FIELDS = ("calls", "prompt_tokens", "plan_tokens", "answer_tokens", "usd", "seconds")
"""What is counted of a tier's calls; `seconds` is the machine's time."""


@dataclass(frozen=True)
class ReplayOutcomes:
    """What one setting comes to, question by question.

    Attributes:
        round: the round that answers; where `known` is false, the one whose calls the record does not hold.
        known: whether the record holds all calls that the question needs.
        score: of the answer, 0 to 1; NaN where it is not known, or no right answer is.
        answer: str or None; None also where it is not known.
        confidence: of the round that answers; NaN where there is no answer or it is not known.
        usage: by tier and by what is counted (`SPENT`); NaN where it is not known.
    """

    round: Array
    known: Array
    score: Array
    answer: Array
    confidence: Array
    usage: dict[tuple[str, str], Array]


@dataclass(frozen=True)
class Sweep:
    """What many settings come to; every array has one entry for each row of `thresholds`.

    Attributes:
        thresholds: (settings, gates).
        questions: how many were asked for.
        unknown: questions that need calls which the record does not hold.
        answered: (settings, rounds): questions answered in each round, without the unknown ones.
        accuracy: mean score; NaN where questions are unknown, unless the sweep is partial, or have no right answer.
        usage: totals over the questions by tier and by what is counted (`SPENT`); NaN as for accuracy, and where a
            record does not tell.
        values: totals of the caller's own values; NaN as for accuracy.
    """

    thresholds: Array
    questions: int
    unknown: Array
    answered: Array
    accuracy: Array
    usage: dict[tuple[str, str], Array]
    values: dict[str, Array]

    def total(self, what: str, tier: str | None = None) -> Array:
        """One of `SPENT` over all questions, of one tier or of all."""
        return _total(self.usage, what, tier)

    def completion_tokens(self, tier: str = "large") -> Array:
        """Tokens that a tier wrote, plans and solutions."""
        return self.total("plan_tokens", tier) + self.total("answer_tokens", tier)


def _total(spent: Mapping[tuple[str, str], Array], what: str, tier: str | None) -> Array:
    found = [
        array for (of, counted), array in spent.items() if counted == what and tier in (None, of)
    ]
    if not found:  # a tier that is never asked
        return np.zeros_like(next(iter(spent.values())))
    return np.sum(found, axis=0)
