"""What the samples of a round say together, for many questions at once: the rules of `programs.vote` and `programs.tests_pass`
on arrays. Tests compare them with those, sample by sample.
"""

from dataclasses import dataclass

import numpy as np

from ...errors import CopeError
from ...util.arrays import Array

KINDS = ("votes", "tests", "outputs")
_CELLS = 4_000_000  # of the pairs of samples that are compared at a time


@dataclass(frozen=True)
class Ballots:
    """One round's samples, in arrays of questions by samples.

    Attributes:
        kind: (questions,) how samples become an answer.
        votes: equal numbers are equal votes; -1 is no vote.
        passed: visible tests passed; -1 where no program was run.
        total: (questions,) visible tests.
        answered: whether an answer could be read.
        planned: whether the sample has a plan that could be handed on.
        order: the seeded order of the samples.
    """

    kind: Array
    votes: Array
    passed: Array
    total: Array
    answered: Array
    planned: Array
    order: Array


@dataclass(frozen=True)
class Verdicts:
    """What was decided, by question.

    Attributes:
        leader: the sample whose answer is given; -1 for none.
        confidence: 0 to 1.
        supporters: (questions, samples) of bool, in the samples' own order.
        survivor: the sample whose plan is handed on; -1 for none.
    """

    leader: Array
    confidence: Array
    supporters: Array
    survivor: Array


def verdicts(ballots: Ballots) -> Verdicts:
    """Count one round.

    Raises:
        CopeError: for samples that become an answer in a way that is not known here.
    """
    if odd := sorted({str(kind) for kind in ballots.kind} - set(KINDS)):
        raise CopeError(
            f"a record by confidence {odd[0]!r} cannot be replayed: known are {', '.join(KINDS)}"
        )
    count, samples = ballots.order.shape
    step = max(1, _CELLS // (samples * samples))
    parts = [_part(ballots, slice(start, start + step)) for start in range(0, count, step)]
    return Verdicts(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _part(ballots: Ballots, part: slice) -> tuple[Array, Array, Array, Array]:
    order = ballots.order[part]
    # From here on samples stand in the seeded order: the first of equals is the one that counts.
    votes, passed, answered, planned = (
        np.take_along_axis(array[part], order, axis=1)
        for array in (ballots.votes, ballots.passed, ballots.answered, ballots.planned)
    )
    samples, rows = order.shape[1], np.arange(len(order))
    tests, outputs = ballots.kind[part] == "tests", ballots.kind[part] == "outputs"
    if samples == 1:
        votes = np.where(
            outputs[:, None], -1, votes
        )  # a lone program has nobody to agree with, and is not run

    same = (votes[:, :, None] == votes[:, None, :]) & (votes >= 0)[:, :, None]
    support = same.sum(axis=2)
    support[tests] = (
        passed[tests] + 1
    )  # the more tests a program passes, the better; 0 where none was run
    lead = support.argmax(axis=1)
    best = support[rows, lead]
    supporters = (
        np.where(tests[:, None], support == best[:, None], same[rows, lead]) & (best > 0)[:, None]
    )
    share = best / samples
    confidence = np.where(tests, (best - 1 == ballots.total[part]) & (best > 0), share).astype(
        float
    )

    silent = (
        outputs & (best == 0) & answered.any(axis=1)
    )  # an answer for a last round, and no reason to stop before
    first = answered.argmax(axis=1)
    lead = np.where(silent, first, np.where(best > 0, lead, -1))
    supporters[silent, first[silent]] = True

    behind = supporters & planned
    chosen = np.where(behind.any(axis=1, keepdims=True), behind, planned)
    survivor = np.where(chosen.any(axis=1), order[rows, chosen.argmax(axis=1)], -1)
    leader = np.where(lead >= 0, order[rows, lead], -1)
    by_sample = np.zeros_like(supporters)
    np.put_along_axis(by_sample, order, supporters, axis=1)
    return leader, confidence, by_sample, survivor
