"""When to stop drawing votes: the exact rule, which never changes a decision, and two well-known ones that may.

All see the votes of a round one by one, in the order in which they are asked.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...programs.vote import SLACK

Array = np.ndarray[Any, Any]

BETA = 0.95
"""The posterior chance at which adaptive consistency stops, as in its paper."""


@dataclass(frozen=True)
class Votes:
    """The votes of a round in the order in which they are asked, by question.

    Attributes:
        same: (questions, samples, samples) of bool: the two votes are equal; false for samples without a vote.
        count: (questions, steps, samples): how many of the first `step + 1` votes equal the sample's; 0 before it is drawn.
        opens: (questions, samples): the sample is the first with its vote.
        planned: (questions, samples): the sample has a plan that could be handed on.
    """

    same: Array
    count: Array
    opens: Array
    planned: Array

    @classmethod
    def of(cls, votes: Array, planned: Array | None = None) -> "Votes":
        """Count votes.

        Args:
            votes: (questions, samples) in the order of asking; equal numbers are equal votes, -1 is none.
            planned: which samples have a plan; none has when it is left out.
        """
        samples = votes.shape[1]
        same = (votes[:, :, None] == votes[:, None, :]) & (votes >= 0)[:, :, None]
        drawn = np.tri(samples, dtype=bool)  # [step, sample]: drawn by then
        count = np.cumsum(same, axis=1, dtype=np.int16) * drawn
        opens = (votes >= 0) & ~(same & np.tri(samples, k=-1, dtype=bool)).any(axis=2)
        return cls(same, count, opens, np.zeros(votes.shape, bool) if planned is None else planned)

    @property
    def samples(self) -> int:
        return self.same.shape[1]

    def lead(self, step: int) -> tuple[Array, Array, Array]:
        """After `step + 1` votes: the sample that opened the leading vote, its votes, and those of the runner-up."""
        votes = np.where(self.opens, self.count[:, step], 0)
        leader, rows = votes.argmax(axis=1), np.arange(len(votes))
        most = votes[rows, leader]
        votes[rows, leader] = 0
        return leader, most, votes.max(axis=1, initial=0)


Rule = Callable[[Votes, int, float | None, bool], Array]
"""Votes, step, threshold, and whether a plan is handed on, to (questions,) of bool: stop after `step + 1` votes."""


def exact(votes: Votes, step: int, threshold: float | None, hands_on: bool) -> Array:
    """Neither the gate's decision, nor the answer, nor the plan that is handed on can change any more.

    The rule of `programs.vote`, on arrays; a test compares them.
    """
    missing = votes.samples - step - 1
    leader, most, _ = votes.lead(step)
    needed = 1 if threshold is None else math.ceil(threshold * votes.samples - SLACK)
    places, rows = np.arange(votes.samples), np.arange(len(most))
    rivals = votes.opens & (places <= step) & (places != leader[:, None])
    # A rival that draws level wins only if it came first; one that is not seen yet has not.
    before = np.where(rivals & (places < leader[:, None]), votes.count[:, step] + 1, 0).max(axis=1)
    after = np.where(rivals & (places > leader[:, None]), votes.count[:, step], 0).max(axis=1)
    ahead = (most > 0) & (np.maximum(before, after) + missing <= most)
    hopeless = most + missing < needed
    plan = (votes.same[rows, leader] & votes.planned & (places <= step)).any(axis=1)
    settled = ahead & ((most >= needed) | (hopeless & plan))
    return settled | (hopeless & (not hands_on)) | (missing == 0)


def adaptive(votes: Votes, step: int, threshold: float | None, hands_on: bool) -> Array:
    """Adaptive consistency (Aggarwal et al. 2023): the leader would probably lead for good.

    P(p > 1/2) >= 0.95   with p ~ Beta(votes of the leader + 1, votes of the runner-up + 1)
    """
    from scipy.special import betainc

    _, most, second = votes.lead(step)
    return np.asarray(betainc(second + 1.0, most + 1.0, 0.5)) >= BETA


def window(votes: Votes, step: int, threshold: float | None, hands_on: bool) -> Array:
    """ESC (Li et al. 2024): samples are drawn in windows, until those of one window all agree.

    The window is five samples, as in the paper, or half of fewer than ten.
    """
    size = min(5, max(2, votes.samples // 2))
    if (step + 1) % size:
        return np.zeros(len(votes.same), dtype=bool)
    here = slice(step + 1 - size, step + 1)
    return np.asarray(votes.same[:, step, here].all(axis=1))


def every(votes: Votes, step: int, threshold: float | None, hands_on: bool) -> Array:
    """All samples are drawn."""
    return np.full(len(votes.same), step + 1 == votes.samples)


RULES: dict[str, Rule] = {"all": every, "exact": exact, "adaptive-consistency": adaptive, "esc": window}
"""By name."""


@dataclass(frozen=True)
class Stopped:
    """What a round decides when it stops early, by question.

    Attributes:
        asked: samples drawn.
        leader: the place, in the order of asking, of the sample whose answer leads; -1 for none.
        accepted: whether the gate takes it, by its share of the samples drawn.
    """

    asked: Array
    leader: Array
    accepted: Array


def stop(rule: Rule, votes: Votes, threshold: float | None, hands_on: bool = False) -> Stopped:
    """Draw a round's votes until a rule stops."""
    questions = len(votes.same)
    asked = np.full(questions, votes.samples)
    leader, share = np.full(questions, -1), np.zeros(questions)
    going = np.ones(questions, dtype=bool)
    for step in range(votes.samples):
        ends = going & (rule(votes, step, threshold, hands_on) | (step + 1 == votes.samples))
        first, most, _ = votes.lead(step)
        asked[ends] = step + 1
        leader[ends] = np.where(most > 0, first, -1)[ends]
        share[ends] = (most / (step + 1))[ends]
        going &= ~ends
    accepted = (leader >= 0) & (share >= (0.0 if threshold is None else threshold - SLACK))
    return Stopped(asked, leader, accepted)
