"""Rounds of many questions at once, in arrays: the data and helpers of `Confidence.decide`."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from ...util.arrays import Array

_CELLS = 4_000_000  # of the pairs of samples that are compared at a time


def _no_columns(name: str) -> Array:
    raise KeyError(name)


@dataclass(frozen=True)
class RoundSamples:
    """One round's samples, in arrays of questions by samples, in the samples' own order.

    Attributes:
        votes: equal numbers are equal votes; -1 is no vote.
        passed: visible tests passed; -1 when no program was run.
        total: (questions,) visible tests.
        answered: whether an answer was parsed.
        planned: whether the sample has a plan that could be forwarded.
        order: the seeded order of the samples.
        column: any other column of the recording, by its name, such as `reason_logprob`.
    """

    votes: Array
    passed: Array
    total: Array
    answered: Array
    planned: Array
    order: Array
    column: Callable[[str], Array] = _no_columns

    def take(self, rows: Array | slice) -> "RoundSamples":
        """Return the samples of some questions."""
        arrays = {
            each.name: getattr(self, each.name)[rows]
            for each in fields(self)
            if each.name != "column"
        }
        return replace(self, **arrays, column=lambda name: self.column(name)[rows])

    def only(self, drawn: Array) -> "RoundSamples":
        """Return the samples of a round that drew some of them, and found nothing in the others.

        Args:
            drawn: (questions, samples) of bool.
        """
        return replace(
            self,
            votes=np.where(drawn, self.votes, -1),
            passed=np.where(drawn, self.passed, -1),
            answered=self.answered & drawn,
            planned=self.planned & drawn,
        )

    def first(self, drawn: int) -> "RoundSamples":
        """Return the first samples in the seeded order, as a round that drew no others."""
        arrays = {}
        for name in ("votes", "passed", "answered", "planned"):
            arrays[name] = self.in_order(getattr(self, name))[:, :drawn]
        order = np.tile(np.arange(drawn), (len(self.order), 1))
        return replace(
            self,
            **arrays,
            order=order,
            column=lambda name: self.in_order(self.column(name))[:, :drawn],
        )

    def in_order(self, array: Array) -> Array:
        """Return an array of questions by samples in the seeded order."""
        return np.take_along_axis(array, self.order, axis=1)


@dataclass(frozen=True)
class VerdictArrays:
    """Verdicts of many questions.

    Attributes:
        leader: the sample whose answer is returned; -1 for none.
        confidence: 0 to 1.
        supporters: (questions, samples) of bool, in the samples' own order.
        forwarded: the sample whose plan is forwarded; -1 for none.
    """

    leader: Array
    confidence: Array
    supporters: Array
    forwarded: Array


def decide_in_blocks(
    samples: RoundSamples, decide: Callable[[RoundSamples], VerdictArrays]
) -> VerdictArrays:
    """Decide blocks of questions, because a comparison of all pairs of samples takes memory."""
    count, drawn = samples.order.shape
    step = max(1, _CELLS // (drawn * drawn))
    parts = [decide(samples.take(slice(at, at + step))) for at in range(0, count, step)]
    return VerdictArrays(
        *(
            np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(VerdictArrays)
        )
    )


def most_voted(samples: RoundSamples) -> tuple[Array, Array, Array]:
    """Find the vote with the most supporters; a tie goes to the vote with the first supporter.

    Returns:
        (questions,) the position of its first supporter in the seeded order, -1 without any vote;
        (questions,) the number of its supporters;
        (questions, samples) of bool, its supporters in the seeded order.
    """
    votes = samples.in_order(samples.votes)
    rows = np.arange(len(votes))
    same = (votes[:, :, None] == votes[:, None, :]) & (votes >= 0)[:, :, None]
    support = same.sum(axis=2)
    lead = support.argmax(axis=1)
    most = support[rows, lead]
    supporters = same[rows, lead] & (most > 0)[:, None]
    return np.where(most > 0, lead, -1), most, supporters


def verdict_arrays(
    samples: RoundSamples, lead: Array, confidence: Array, supporters: Array
) -> VerdictArrays:
    """Return the verdicts in the samples' own order, with the samples whose plans are forwarded.

    The forwarded plan is the plan of the first supporter that has one, or else of the first sample
    that has one.

    Args:
        samples: the samples.
        lead: (questions,) the position of the leading sample in the seeded order; -1 for none.
        confidence: (questions,) 0 to 1.
        supporters: (questions, samples) of bool, in the seeded order.
    """
    order, planned = samples.order, samples.in_order(samples.planned)
    rows = np.arange(len(order))
    behind = supporters & planned
    chosen = np.where(behind.any(axis=1, keepdims=True), behind, planned)
    survivor = np.where(chosen.any(axis=1), order[rows, chosen.argmax(axis=1)], -1)
    leader = np.where(lead >= 0, order[rows, lead], -1)
    by_sample = np.zeros_like(supporters)
    np.put_along_axis(by_sample, order, supporters, axis=1)
    return VerdictArrays(leader, confidence.astype(float), by_sample, survivor)
