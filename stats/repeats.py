"""Scores of the same questions, answered several times with other seeds: pass^k and variances."""

from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

import numpy as np

from ..util.arrays import Array
from .clustered import design_effect
from .distributions import student_upper_quantile


@dataclass(frozen=True)
class Consistency:
    """How much the score of a system depends on the seed, and how much on the questions.

    The score of question q with seed s is modeled as mean + question effect + the rest, which
    differs from seed to seed (a one-way random effects analysis of variance).

    Attributes:
        questions: the number of questions that were answered with every seed.
        repeats: the number of seeds.
        accuracies: the mean score by seed.
        accuracy: the mean of all scores.
        pass_hat: by number j up to `repeats`, pass^j: the chance that a question is right in j of j
            attempts (Yao et al. 2024, 2406.12045). The last one is the share that is always right.
        unstable: the share of the questions that are right with some seeds and not with others.
        question_variance: the variance of a question's expected score between questions.
        seed_variance: the mean variance of a question's score between seeds.
        design_effect: the factor by which groups increase the variance of the accuracy.
        half_width: half of the 95% interval of the accuracy, by Student's t over the questions; not
            finite with fewer than two questions.
    """

    questions: int
    repeats: int
    accuracies: tuple[float, ...]
    accuracy: float
    pass_hat: tuple[float, ...]
    unstable: float
    question_variance: float
    seed_variance: float
    design_effect: float
    half_width: float

    @property
    def seed_share(self) -> float:
        """The share of the variance of the accuracy that more seeds would remove."""
        by_seed = self.seed_variance / self.repeats
        total = self.question_variance + by_seed
        return by_seed / total if total else 0.0

    @property
    def half_width_of_many_seeds(self) -> float:
        """Half of the interval if the same questions were answered with very many seeds."""
        return self.half_width * sqrt(1 - self.seed_share)

    @property
    def half_width_of_twice_the_questions(self) -> float:
        """Half of the interval with twice the questions and as many seeds."""
        return self.half_width / sqrt(2)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        document: dict[str, Any] = {"questions": self.questions, "repeats": self.repeats}
        document["accuracies"] = list(self.accuracies)
        document["accuracy"] = self.accuracy
        document["pass_hat"] = {str(j): share for j, share in enumerate(self.pass_hat, 1)}
        document["unstable"] = self.unstable
        document["variance"] = {"questions": self.question_variance, "seeds": self.seed_variance}
        document["effect"] = self.design_effect
        document["seed_share"] = self.seed_share
        document["half_width"] = self.half_width if np.isfinite(self.half_width) else None
        return document


def consistency(scores: Array, groups: Array | None = None) -> Consistency:
    """Return how consistent the scores of several seeds are.

    With s^2_q the variance of the k scores of question q and V that of the n means of questions,

        seed variance = mean of s^2_q,   question variance = V - seed variance / k, at least 0
        variance of the accuracy = V / n = question variance / n + seed variance / (n k)

    Args:
        scores: (questions, seeds), 0 to 1; at least one question and two seeds.
        groups: (questions,): questions with the same value form a group; None without groups.

    >>> found = consistency(np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
    >>> found.pass_hat, found.unstable, found.seed_variance
    ((0.625, 0.5), 0.25, 0.125)
    """
    questions, repeats = scores.shape
    means = scores.mean(axis=1)
    seed_variance = float(scores.var(axis=1, ddof=1).mean())
    variance = float(means.var(ddof=1)) if questions > 1 else 0.0
    effect = design_effect(means, groups)
    units = questions if groups is None else len(np.unique(groups))
    half_width = float("inf")
    if units > 1:
        t = student_upper_quantile(0.025, units - 1)
        half_width = t * sqrt(effect * variance / questions)
    right = (scores >= 1.0).sum(axis=1).tolist()
    pass_hat: list[float] = []
    for attempts in range(1, repeats + 1):
        chances = [comb(count, attempts) / comb(repeats, attempts) for count in right]
        pass_hat.append(sum(chances) / questions)
    unstable = sum(0 < count < repeats for count in right) / questions
    return Consistency(
        questions=questions,
        repeats=repeats,
        accuracies=tuple(scores.mean(axis=0).tolist()),
        accuracy=float(scores.mean()),
        pass_hat=tuple(pass_hat),
        unstable=unstable,
        question_variance=max(0.0, variance - seed_variance / repeats),
        seed_variance=seed_variance,
        design_effect=effect,
        half_width=half_width,
    )
