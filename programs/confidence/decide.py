"""Decide a round of many questions in arrays, each question by its own confidence."""

from dataclasses import fields, replace

import numpy as np

from ...util.arrays import Array
from .ranks import ranks_of
from .registry import confidence_by_name
from .vectorized import RoundSamples, VerdictArrays


def decide_round(kinds: Array, samples: RoundSamples) -> VerdictArrays:
    """Decide a round of many questions, each by its own confidence.

    Args:
        kinds: (questions,) of str: the name of the confidence.
        samples: the samples of all questions.

    Raises:
        CopeError: for a confidence that is not known.
    """
    count = len(samples.order)
    decided = VerdictArrays(
        leader=np.full(count, -1),
        confidence=np.zeros(count),
        supporters=np.zeros(samples.order.shape, dtype=bool),
        forwarded=np.full(count, -1),
    )
    for kind in sorted({str(kind) for kind in kinds}):
        confidence = confidence_by_name(kind)
        rows = np.flatnonzero(kinds == kind)
        part = confidence.decide(samples.take(rows))
        for each in fields(VerdictArrays):
            getattr(decided, each.name)[rows] = getattr(part, each.name)
    return decided


def rank_verdicts(kinds: Array, verdicts: VerdictArrays) -> tuple[VerdictArrays, Array]:
    """Replace confidences that only rank answers by their ranks, see `Confidence.ranks`.

    Args:
        kinds: (questions,) of str: the name of the confidence.
        verdicts: the verdicts of `decide_round`.

    Returns:
        The verdicts; (questions,) the confidence before, NaN where it is not ranked or there is no
        answer.
    """
    raw = np.full(len(kinds), np.nan)
    confidence = verdicts.confidence.copy()
    for kind in sorted({str(kind) for kind in kinds}):
        if getattr(confidence_by_name(kind), "ranks", False):
            rows = np.flatnonzero((kinds == kind) & (verdicts.leader >= 0))
            raw[rows] = verdicts.confidence[rows]
            confidence[rows] = ranks_of(raw[rows])
    return replace(verdicts, confidence=confidence), raw
