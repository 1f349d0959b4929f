"""Demonstrations chosen for each question: those whose questions are most like it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from zlib import crc32

import dspy
import numpy as np

from .predictor_name import ROLES, PredictorName

_SIZE = 4096  # of a vector; n-grams are hashed into it
_GRAMS = (3, 4, 5)  # characters, within words
_DIGITS = 6  # of a similarity: later ones differ from machine to machine, and the same program must show the same


@dataclass(frozen=True, eq=False)
class KNNDemos:
    """A predictor's right answers to training questions, of which each question is shown the nearest (Liu et al. 2022).

    Near is what shares rare character n-grams: cosine of TF-IDF vectors, which needs no model, costs no call, and gives
    the same on every machine. DSPy's KNN orders equals by chance and cannot leave a question's own row out.

    Attributes:
        k: how many are shown.
        demos: what was asked and answered, by field name; each with its `question`.

    >>> kept = KNNDemos(1, [{"question": "How many apples?", "answer": "3"}, {"question": "Is it true?", "answer": "no"}])
    >>> [demo.answer for demo in kept.nearest("How many pears?")]
    ['3']
    """

    k: int
    demos: Sequence[Mapping[str, Any]]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # it never changes, and optimizers copy programs all the time

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.k, self.demos)

    def nearest(self, question: str) -> list[dspy.Example]:
        """The nearest demonstrations, the most similar last, next to the question.

        A question is not shown its own answer: while compiling, training questions would look easier than they are.
        """
        words = _plain(question)
        scores = (self._vectors @ self._weighted([words])[0]).round(_DIGITS)
        order = [row for row in np.argsort(-scores, kind="stable") if self._questions[row] != words]
        return [dspy.Example(**self.demos[row]) for row in reversed(order[: self.k])]

    def longest(self) -> list[dspy.Example]:
        """The most that a prompt may have to hold: the longest demonstrations, as many as are shown."""
        by_length = sorted(
            self.demos, key=lambda demo: -sum(len(str(value)) for value in demo.values())
        )
        return [dspy.Example(**demo) for demo in by_length[: self.k]]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a program file."""
        return {"k": self.k, "demos": [dict(demo) for demo in self.demos]}

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """What `as_dict` gave.

        Raises:
            ValueError: when it is something else.
        """
        fine = (
            isinstance(plain, dict)
            and isinstance(plain.get("k"), int)
            and isinstance(plain.get("demos"), list)
        )
        if not fine or not all(
            isinstance(d, dict) and isinstance(d.get("question"), str) for d in plain["demos"]
        ):
            raise ValueError(
                "its neighbours are not a number k and a list of demonstrations with a question each"
            )
        return cls(plain["k"], plain["demos"])

    @cached_property
    def _questions(self) -> list[str]:
        return [_plain(str(demo["question"])) for demo in self.demos]

    @cached_property
    def _idf(self) -> Any:
        """What a question's n-gram weighs: the more, the fewer questions have it."""
        having = (_tf(self._questions) > 0).sum(axis=0)
        return np.log((1 + len(self.demos)) / (1 + having)) + 1

    @cached_property
    def _vectors(self) -> Any:
        return self._weighted(self._questions)

    def _weighted(self, questions: Sequence[str]) -> Any:
        """Rows of length 1."""
        rows = _tf(questions) * self._idf
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def nearest_by_role(
    knn_demos: Mapping[str, KNNDemos], number: int, question: str
) -> dict[str, list[dspy.Example]]:
    """Return the demonstrations that a round shows for a question, by role: `planner`, `reasoner`.

    Args:
        knn_demos: those to choose from, by predictor.
        number: the round, from 1.
        question: the question.
    """
    nearest: dict[str, list[dspy.Example]] = {}
    for role in ROLES:
        demos = knn_demos.get(str(PredictorName(number, role)))
        if demos:
            nearest[role] = demos.nearest(question)
    return nearest


def knn_demos_in_state(state: Mapping[str, Any]) -> dict[str, KNNDemos]:
    """What a program's state keeps of them, by predictor.

    Raises:
        ValueError: when it is something else, or for a predictor that the state has not.
    """
    kept = state.get("neighbours", {})
    if not isinstance(kept, dict):
        raise ValueError("its neighbours are not an object")
    if lost := [name for name in kept if name not in state]:
        raise ValueError(f"it has neighbours for {lost[0]}, and no such predictor")
    return {name: KNNDemos.from_dict(plain) for name, plain in kept.items()}


def _plain(question: str) -> str:
    """The words, however they are spaced and cased."""
    return " ".join(question.split()).casefold()


def _tf(questions: Sequence[str]) -> Any:
    """For each question, 1 + log of how often it has each hashed n-gram; 0 where it has none."""
    rows = np.zeros((len(questions), _SIZE))
    for row, question in zip(rows, questions, strict=True):
        padded = [f" {word} " for word in question.split()]
        grams = (
            w[i : i + n] for w in padded for n in _GRAMS for i in range(max(1, len(w) - n + 1))
        )
        for place, count in Counter(crc32(gram.encode()) % _SIZE for gram in grams).items():
            row[place] = 1 + math.log(count)
    return rows
