"""Evaluate many threshold settings at once: the vectorized core of a replay.

Two settings that accept the same confidences give the same result. So the settings are first
reduced to those that decide differently: 10,000 pairs over votes of 16 are 324 decisions at most.
Each decision is then made for all questions together, in blocks of bounded size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array

_MAX_CELLS = 2_000_000  # questions times decisions in a block: 16 MB for each array of floats


@dataclass(frozen=True)
class RoundArrays:
    """The rounds of a cascade, first to last, as arrays.

    Attributes:
        known: (rounds, questions) of bool: whether the calls of the round are known.
        confidence: (rounds, questions) of float; -inf where there is no answer.
        at_answer: (rounds, questions, columns): values that count once, in the round that answers.
            NaN is unknown.
        over_asked_rounds: (rounds, questions, columns): values that count in every round that is
            asked. NaN is unknown.
    """

    known: Array
    confidence: Array
    at_answer: Array
    over_asked_rounds: Array


@dataclass(frozen=True)
class Totals:
    """Sums over questions, for each tuple of thresholds.

    Attributes:
        unknown: (thresholds, rounds): questions that reach a round whose calls are unknown. They
            count nowhere else.
        answered: (thresholds, rounds): questions answered in each round.
        at_answer: (thresholds, columns): NaN where a part is unknown.
        over_asked_rounds: (thresholds, columns): NaN where a part is unknown.
    """

    unknown: Array
    answered: Array
    at_answer: Array
    over_asked_rounds: Array


def sweep(arrays: RoundArrays, thresholds: Array) -> Totals:
    """Return the totals of a cascade for many tuples of thresholds.

    Args:
        arrays: the rounds.
        thresholds: (count, rounds - 1), each above 0 and up to 1.
    """
    ranks, steps = _rank_confidences(arrays.confidence, thresholds)
    distinct, inverse = _distinct(steps, ranks)
    questions = arrays.known.shape[1]
    size = max(1, _MAX_CELLS // max(1, questions))
    blocks = []
    for start in range(0, len(distinct), size):
        blocks.append(_sweep_block(arrays, ranks, distinct[start : start + size]))
    totals = [np.concatenate(parts)[inverse] for parts in zip(*blocks, strict=True)]
    return Totals(*totals)


def answering_round(arrays: RoundArrays, thresholds: Sequence[float]) -> tuple[Array, Array]:
    """Return the round that answers each question.

    Returns:
        (questions,) of int: the round, from 0; the round whose calls are missing where the outcome
        is unknown. And (questions,) of bool: whether the outcome is known.
    """
    rounds, questions = arrays.known.shape
    answering = np.full(questions, rounds - 1)
    known = np.ones(questions, dtype=bool)
    reached = np.ones(questions, dtype=bool)
    for number in range(rounds):
        missing = reached & ~arrays.known[number]
        accepted = reached
        if number < rounds - 1:
            threshold = thresholds[number] - FLOAT_TOLERANCE
            accepted = reached & (arrays.confidence[number] >= threshold)
        ends = missing | accepted
        answering[ends] = number
        known[missing] = False
        reached = reached & ~ends
    return answering, known


def _rank_confidences(confidence: Array, thresholds: Array) -> tuple[Array, Array]:
    """Rank the confidences of each gated round, and the thresholds among them.

    Returns:
        (gates, questions): the rank of each confidence in its round, -1 where there is no answer.
        And (settings, gates): the lowest rank that each threshold accepts.
    """
    gates = thresholds.shape[1]
    ranks = np.full((gates, confidence.shape[1]), -1)
    steps = np.empty(thresholds.shape, dtype=np.int64)
    for gate in range(gates):
        has_answer = np.isfinite(confidence[gate])
        values = np.unique(confidence[gate][has_answer])
        ranks[gate, has_answer] = np.searchsorted(values, confidence[gate][has_answer])
        steps[:, gate] = np.searchsorted(values, thresholds[:, gate] - FLOAT_TOLERANCE)
    return ranks, steps


def _distinct(steps: Array, ranks: Array) -> tuple[Array, Array]:
    """Return the rows of `steps` that decide differently, and for each row its index in them."""
    key = np.zeros(len(steps), dtype=np.int64)
    sizes = ranks.max(axis=1, initial=-1) + 2
    if np.prod(sizes.astype(float)) < 2**62:
        for gate, size in enumerate(sizes):
            key = key * size + steps[:, gate]
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        return steps[first], inverse
    distinct, inverse = np.unique(steps, axis=0, return_inverse=True)
    return distinct, inverse.reshape(-1)


def _sweep_block(
    arrays: RoundArrays, ranks: Array, steps: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the arrays of `Totals` for some decisions."""
    rounds, questions = arrays.known.shape
    unknown = np.zeros((len(steps), rounds), dtype=np.int64)
    answered = np.zeros_like(unknown)
    at_answer = np.zeros((len(steps), arrays.at_answer.shape[2]))
    over_asked_rounds = np.zeros((len(steps), arrays.over_asked_rounds.shape[2]))
    reached = np.ones((len(steps), questions), dtype=bool)
    for number in range(rounds):
        unknown[:, number] = (reached & ~arrays.known[number]).sum(axis=1)
        reached &= arrays.known[number]
        ends = reached
        if number < rounds - 1:
            ends = reached & (ranks[number] >= steps[:, number, None])
        answered[:, number] = ends.sum(axis=1)
        over_asked_rounds += _masked_sums(reached, arrays.over_asked_rounds[number])
        at_answer += _masked_sums(ends, arrays.at_answer[number])
        reached = reached & ~ends
    return unknown, answered, at_answer, over_asked_rounds


def _masked_sums(mask: Array, values: Array) -> Array:
    """Return the sums of the columns over the chosen questions; NaN where one value is NaN."""
    weights = mask.astype(float)
    is_nan = np.isnan(values)
    sums = weights @ np.where(is_nan, 0.0, values)
    columns = is_nan.any(axis=0)
    if columns.any():
        sums[:, columns] += np.where(weights @ is_nan[:, columns] > 0, np.nan, 0.0)
    return sums
