"""Many thresholds at once: the vectorised core of a replay.

Thresholds matter only by which confidences they let pass, so the pairs are first reduced to those that decide differently:
10,000 pairs over votes of 16 are 324 decisions at most. These are made for all questions together, in blocks of bounded size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array

_CELLS = 2_000_000  # questions by decisions in a block: 16 MB for each array of floats


@dataclass(frozen=True)
class RoundArrays:
    """What a sweep needs to know of each round, first to last, in arrays of rounds by questions.

    Attributes:
        known: whether the round's calls are known.
        confidence: -inf where there is no answer.
        at_answer: (rounds, questions, columns): counts once, in the round that answers.
        over_asked_rounds: (rounds, questions, columns): counts in every round that is asked. NaN in either is not known.
    """

    known: Array
    confidence: Array
    at_answer: Array
    over_asked_rounds: Array


@dataclass(frozen=True)
class Totals:
    """Sums over questions, for each tuple of thresholds.

    Attributes:
        unknown: (thresholds, rounds): questions that reach a round whose calls are not known; they count nowhere else.
        answered: (thresholds, rounds): questions answered in each round.
        final, used: (thresholds, columns): NaN where a part is not known.
    """

    unknown: Array
    answered: Array
    at_answer: Array
    over_asked_rounds: Array


def sweep(ladder: RoundArrays, thresholds: Array) -> Totals:
    """Sum up a cascade for many thresholds.

    Args:
        ladder: the rounds.
        thresholds: (count, rounds - 1), each above 0 and up to 1.
    """
    levels, steps = _rank_confidences(ladder.confidence, thresholds)
    distinct, inverse = _distinct(steps, levels)
    questions = ladder.known.shape[1]
    block = max(1, _CELLS // max(1, questions))
    parts = [
        _block(ladder, levels, distinct[start : start + block])
        for start in range(0, len(distinct), block)
    ]
    totals = [np.concatenate(arrays)[inverse] for arrays in zip(*parts, strict=True)]
    return Totals(*totals)


def answering_round(ladder: RoundArrays, thresholds: Sequence[float]) -> tuple[Array, Array]:
    """The round that answers each question, from 0, and whether its outcome is known: else the round is what is lacking."""
    rounds, questions = ladder.known.shape
    at, known, going = (
        np.full(questions, rounds - 1),
        np.ones(questions, bool),
        np.ones(questions, bool),
    )
    for number in range(rounds):
        lost = going & ~ladder.known[number]
        last = number == rounds - 1
        passes = (
            going
            if last
            else going & (ladder.confidence[number] >= thresholds[number] - FLOAT_TOLERANCE)
        )
        ends = lost | passes
        at[ends], known[lost] = number, False
        going &= ~ends
    return at, known


def _rank_confidences(confidence: Array, thresholds: Array) -> tuple[Array, Array]:
    """Each confidence as its rank among a round's, and each threshold as the lowest rank that it accepts."""
    gates = thresholds.shape[1]
    levels = np.full((gates, confidence.shape[1]), -1)
    steps = np.empty(thresholds.shape, dtype=np.int64)
    for gate in range(gates):
        there = np.isfinite(confidence[gate])
        values = np.unique(confidence[gate][there])
        levels[gate, there] = np.searchsorted(values, confidence[gate][there])
        steps[:, gate] = np.searchsorted(values, thresholds[:, gate] - FLOAT_TOLERANCE)
    return levels, steps


def _distinct(steps: Array, levels: Array) -> tuple[Array, Array]:
    """The rows that decide differently, and for each row which of them it is."""
    key = np.zeros(len(steps), dtype=np.int64)
    sizes = levels.max(axis=1, initial=-1) + 2
    if np.prod(sizes.astype(float)) < 2**62:
        for gate, size in enumerate(sizes):
            key = key * size + steps[:, gate]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        return steps[first], inverse
    distinct, inverse = np.unique(steps, axis=0, return_inverse=True)
    return distinct, inverse.reshape(-1)


def _block(ladder: RoundArrays, levels: Array, steps: Array) -> tuple[Array, Array, Array, Array]:
    rounds, questions = ladder.known.shape
    unknown = np.zeros((len(steps), rounds), dtype=np.int64)
    answered = np.zeros_like(unknown)
    final = np.zeros((len(steps), ladder.at_answer.shape[2]))
    used = np.zeros((len(steps), ladder.over_asked_rounds.shape[2]))
    going = np.ones((len(steps), questions), dtype=bool)
    for number in range(rounds):
        unknown[:, number] = (going & ~ladder.known[number]).sum(axis=1)
        going &= ladder.known[number]
        ends = going
        if number < rounds - 1:
            ends = going & (levels[number] >= steps[:, number, None])
        answered[:, number] = ends.sum(axis=1)
        used += _masked_sums(going, ladder.over_asked_rounds[number])
        final += _masked_sums(ends, ladder.at_answer[number])
        going = going & ~ends
    return unknown, answered, final, used


def _masked_sums(chosen: Array, values: Array) -> Array:
    """Sums of the columns over the chosen questions; NaN as soon as one of them is."""
    weights = chosen.astype(float)
    gaps = np.isnan(values)
    sums = weights @ np.where(gaps, 0.0, values)
    lacking = gaps.any(axis=0)
    if lacking.any():
        sums[:, lacking] += np.where(weights @ gaps[:, lacking] > 0, np.nan, 0.0)
    return sums
