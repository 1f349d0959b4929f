"""Split questions in three: for estimates, for thresholds, and for the figures of the report."""

import random
from collections import Counter
from typing import NamedTuple

import numpy as np

from ...errors import CopeError
from ...programs.systems.outcomes import OutcomeTable
from ...util.hashing import question_fingerprint

SHARES = (0.6, 0.2, 0.2)
"""Of train, val and test."""

LEAST = 30
"""Fewest questions of a training."""


class TrainingParts(NamedTuple):
    """The three parts of the questions; none shares a question or a group with another."""

    train: OutcomeTable
    val: OutcomeTable
    test: OutcomeTable

    def fingerprints(self) -> dict[str, list[str]]:
        """Return the fingerprints of the questions of each part."""
        found = {}
        for name, table in zip(self._fields, self, strict=True):
            found[name] = sorted({question_fingerprint(text) for text in table.questions})
        return found


def split_three_ways(table: OutcomeTable, seed: int) -> TrainingParts:
    """Split questions at random, each group, and each text, on one side.

    Raises:
        CopeError: when there are too few questions or groups.
    """
    labels = []
    for question, group in zip(table.questions, table.groups, strict=True):
        labels.append(group or f"question {question_fingerprint(question)}")
    sizes = Counter(labels)
    units = sorted(sizes)
    random.Random(seed).shuffle(units)
    part_of: dict[str, int] = {}
    bounds = np.cumsum(SHARES) * len(labels)
    before = 0
    for unit in units:
        middle = before + sizes[unit] / 2
        part_of[unit] = int(np.searchsorted(bounds[:-1], middle, side="right"))
        before += sizes[unit]
    parts = np.array([part_of[label] for label in labels])
    tables = [table.take(np.flatnonzero(parts == number)) for number in range(len(SHARES))]
    if len(table) < LEAST or any(not len(part) for part in tables):
        raise CopeError(
            f"{len(table)} questions in {len(units)} groups are too few to train on: there must be "
            f"{LEAST} or more, and enough groups for three parts"
        )
    return TrainingParts(*tables)
