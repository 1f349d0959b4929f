"""Replay the rule `give-up` on the samples of a round, see `cope.programs.give_up`."""

from collections.abc import Callable, Iterator

import numpy as np

from ...programs.confidence.base import Confidence
from ...programs.confidence.decide import decide_round
from ...programs.confidence.registry import confidence_by_name
from ...programs.confidence.vectorized import RoundSamples
from ...programs.give_up import GiveUp, decides_by_tests, suits
from ...programs.preset_round import Round
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array


def states_by_drawn(kinds: Array, samples: RoundSamples) -> Iterator[tuple[int, Array]]:
    """Yield each number of samples, and how many of the first ones support the leading answer.

    Args:
        kinds: (questions,) of str: the name of the confidence.
        samples: the samples of all questions.

    Yields:
        The number, from 1; (questions,) of int.
    """
    for drawn in range(1, samples.order.shape[1] + 1):
        decided = decide_round(kinds, samples.first(drawn))
        yield drawn, decided.supporters.sum(axis=1)


def open_states(
    kinds: Array, samples: RoundSamples, threshold: float | None
) -> Iterator[tuple[int, Array, Array]]:
    """Yield the states in which the rule may leave a round, by the number of samples drawn.

    Args:
        kinds: (questions,) of str: the name of the confidence.
        samples: the samples of all questions.
        threshold: that of the round.

    Yields:
        The number, from 1; (questions,) supporters of the leading answer, 0 where tests decide;
        (questions,) of bool, whether an answer is accepted so far.
    """
    total = samples.order.shape[1]
    is_tests = _by_kind(kinds, decides_by_tests)
    for drawn, supporters in states_by_drawn(kinds, samples):
        passed = samples.first(drawn).passed.max(axis=1)
        passes = (passed >= 0) & (passed == samples.total)
        needed = 0.0 if threshold is None else threshold - FLOAT_TOLERANCE
        agrees = (supporters > 0) & (supporters / total >= needed)
        yield drawn, np.where(is_tests, 0, supporters), np.where(is_tests, passes, agrees)


def suited(kinds: Array) -> Array:
    """Return (questions,) of bool: whether the rule is for the confidence that decides."""
    return _by_kind(kinds, suits)


def _by_kind(kinds: Array, holds: Callable[[Confidence], bool]) -> Array:
    """Return (questions,) of bool: whether something holds for the confidence that decides."""
    found = np.zeros(len(kinds), dtype=bool)
    for kind in sorted({str(kind) for kind in kinds}):
        found[kinds == kind] = holds(confidence_by_name(kind))
    return found


def samples_drawn(
    give_up: GiveUp, number: int, spec: Round, kinds: Array, samples: RoundSamples
) -> Array:
    """Return (questions,): how many samples a round draws until it is left; all where it is not.

    Args:
        give_up: the states in which it is left.
        number: the round, from 1.
        spec: the preset's round, which names a measure.
        kinds: (questions,) of str: the name of the confidence that decides.
        samples: the samples of all questions.
    """
    total = samples.order.shape[1]
    drawn_until = np.full(len(kinds), total)
    running = suited(kinds)
    measure = spec.give_up
    if measure is None:
        return drawn_until
    for drawn, leading, accepted in open_states(kinds, samples, spec.threshold):
        left = [give_up.leaves(measure, number, drawn, int(value)) for value in leading]
        leaves = running & ~accepted & np.array(left, dtype=bool)
        drawn_until[leaves] = drawn
        running = running & ~leaves
    return drawn_until


def mask_of_drawn(order: Array, drawn: Array) -> Array:
    """Return (questions, samples) of bool, in the samples' own order: which ones are drawn.

    Args:
        order: (questions, samples): the seeded order.
        drawn: (questions,): how many.
    """
    mask = np.zeros(order.shape, dtype=bool)
    ranks = np.arange(order.shape[1])
    np.put_along_axis(mask, order.astype(np.int64), ranks < drawn[:, None], axis=1)
    return mask
