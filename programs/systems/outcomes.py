"""What each tier answers alone on some questions: the data that trained systems learn from."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...util.arrays import Array


@dataclass(frozen=True)
class Observation:
    """The answer of one tier, as a trained system sees it.

    Attributes:
        answer: None when none could be read.
        confidence: 0 to 1: the share of its samples, or of its checks, that support it.
    """

    answer: str | None
    confidence: float


@dataclass(frozen=True)
class OutcomeTable:
    """The outcome of each tier on each question.

    Attributes:
        tiers: the tiers, the cheapest first.
        keys: (questions,) the keys of the questions.
        questions: (questions,) their texts.
        answers: (questions, tiers) of str or None.
        confidence: (questions, tiers), 0 to 1.
        scores: (questions, tiers), 0 to 1.
        costs: (questions, tiers): the cost of a tier's answer. The last tier's mean is 1.
        groups: (questions,) questions with the same value belong together; None is a question by
            itself.
    """

    tiers: tuple[str, ...]
    keys: list[str]
    questions: list[str]
    answers: Array
    confidence: Array
    scores: Array
    costs: Array
    groups: list[str | None]

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.keys)

    def take(self, rows: Sequence[int] | Array) -> "OutcomeTable":
        """Return the questions at some positions."""
        positions = np.asarray(rows, dtype=int)
        return OutcomeTable(
            self.tiers,
            [self.keys[row] for row in positions],
            [self.questions[row] for row in positions],
            self.answers[positions],
            self.confidence[positions],
            self.scores[positions],
            self.costs[positions],
            [self.groups[row] for row in positions],
        )

    def folds(self, count: int, seed: int) -> Array:
        """Return (questions,) of int: a fold from 0 to `count - 1`, the same for a whole group."""
        labels = []
        for key, group in zip(self.keys, self.groups, strict=True):
            labels.append(f"question {key}" if group is None else f"group {group}")
        units = sorted(set(labels))
        random.Random(seed).shuffle(units)
        fold_of = {unit: number % count for number, unit in enumerate(units)}
        return np.array([fold_of[label] for label in labels], dtype=int)

    def observed(self, row: int, tier: int) -> Observation:
        """Return what a system sees of the answer of a tier, by its position."""
        answer = self.answers[row, tier]
        return Observation(answer, float(self.confidence[row, tier]))

    @property
    def mean_costs(self) -> Array:
        """(tiers,) the mean cost of each tier's answer."""
        return self.costs.mean(axis=0)
