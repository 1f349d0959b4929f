"""The difference in score of two systems on the same questions, with its intervals."""

from dataclasses import dataclass

import numpy as np

from ..util.arrays import Array
from .bootstrap import LEVEL, Estimate, Sums
from .clustered import design_effect
from .intervals import MIN_DISCORDANT_FOR_BOOTSTRAP, exact_bounds
from .noninferiority import (
    MAX_EXACT_DISCORDANT,
    ONE_SIDED_ALPHA,
    exact_lower_bound,
    score_lower_bound,
)


@dataclass(frozen=True)
class OneSidedBounds:
    """A lower and an upper bound of a difference, each with 95% confidence.

    Attributes:
        lower: the difference is at least this.
        upper: the difference is at most this.
        method: `exact` and `score` are tests of paired proportions, see `stats.noninferiority`;
            `bootstrap` draws questions or groups of them; `exact shares` are exact bounds of the
            shares gained and lost, for few differing questions in groups or with partial scores.
    """

    lower: float
    upper: float
    method: str


def exact_or_score_bounds(wins: int, losses: int, questions: int) -> OneSidedBounds:
    """Return the bounds of a difference of paired proportions of independent questions.

    >>> exact_or_score_bounds(0, 0, 100).method, exact_or_score_bounds(60, 50, 900).method
    ('exact', 'score')
    """
    bound, method = score_lower_bound, "score"
    if wins + losses <= MAX_EXACT_DISCORDANT:
        bound, method = exact_lower_bound, "exact"
    return OneSidedBounds(bound(wins, losses, questions), -bound(losses, wins, questions), method)


@dataclass(frozen=True)
class PairedScores:
    """The scores of a system and of the reference on the same questions.

    Attributes:
        scores: (questions,) of the system, 0 to 1.
        reference: (questions,) of the reference.
        labels: (questions,): the group of each question; None without groups.
        sums: sums of both and of ones over the bootstrap draws, as `right`, `right_ref` and `n`.
    """

    scores: Array
    reference: Array
    labels: Array | None
    sums: Sums

    @property
    def gains(self) -> Array:
        """(questions,) of float: the score of the system minus that of the reference."""
        return self.scores - self.reference

    @property
    def has_partial(self) -> bool:
        """Whether some scores are neither 0 nor 1."""
        both = np.concatenate([self.scores, self.reference])
        return bool(((both != 0) & (both != 1)).any())

    @property
    def has_few_differing(self) -> bool:
        """Whether too few questions differ for the bootstrap."""
        return bool(np.count_nonzero(self.gains) < MIN_DISCORDANT_FOR_BOOTSTRAP)

    def difference(self, level: float = LEVEL) -> Estimate:
        """Return the mean difference with its interval.

        The interval is of the bootstrap, or made of exact bounds where few questions differ.
        """
        difference = self.sums.estimate(lambda s: (s["right"] - s["right_ref"]) / s["n"], level)
        if not self.has_few_differing:
            return difference
        gains, questions = self.gains, len(self.gains)
        effect = design_effect(gains, self.labels)
        if not gains.any():
            # No effect of groups can be observed, and all questions of a group may be alike.
            effect = questions / self.sums.units
        won, lost = float(gains[gains > 0].sum()), float(-gains[gains < 0].sum())
        bounds = exact_bounds(won / effect, lost / effect, questions / effect, level)
        return Estimate(difference.value, *bounds)

    def drawn_bounds(self) -> OneSidedBounds | None:
        """Return one-sided bounds; None if the questions are independent, and right or wrong."""
        if self.labels is None and not self.has_partial:
            return None
        both = self.difference(1 - 2 * ONE_SIDED_ALPHA)
        method = "exact shares" if self.has_few_differing else "bootstrap"
        return OneSidedBounds(both.low, both.high, method)
