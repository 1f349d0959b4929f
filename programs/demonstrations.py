"""Demonstrations selected for each question: those with the most similar questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import dspy
import numpy as np

from ..util.arrays import Array
from .ngram_vectors import SIZE, inverse_frequencies, normalize_text, term_weights
from .predictor_name import ROLES, PredictorName

_DIGITS = 6  # of a similarity, because later digits differ from machine to machine


@dataclass(frozen=True, eq=False)
class KNNDemos:
    """A predictor's right answers to training questions, selected by similarity (Liu et al. 2022).

    The similarity of two questions is the cosine of TF-IDF vectors of character n-grams. It needs
    no model and costs no call, and it is the same on every machine. DSPy's KNN breaks ties by
    chance and cannot exclude a question's own example.

    Attributes:
        k: number of demonstrations for each question.
        demos: the demonstrations by field name; each has a `question`.
        by_task: whether only the first lines of questions are compared. It is the task in the
            steps of a game, all of which then get the same demonstrations.

    >>> apples = {"question": "How many apples?", "answer": "3"}
    >>> demos = KNNDemos(1, [apples, {"question": "Is it true?", "answer": "no"}])
    >>> [demo.answer for demo in demos.nearest("How many pears?")]
    ['3']
    """

    k: int
    demos: Sequence[Mapping[str, Any]]
    by_task: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # it never changes, and optimizers copy programs all the time

    def __reduce__(self) -> tuple[type[Self], tuple[int, Sequence[Mapping[str, Any]], bool]]:
        return type(self), (self.k, self.demos, self.by_task)

    def nearest(self, question: str) -> list[dspy.Example]:
        """Return the `k` nearest demonstrations, the most similar one last, next to the question.

        A question's own example is excluded, because training questions would look easier than they
        are during a compile. Another game with the same task is none.
        """
        own, normal = normalize_text(question), self._compared(question)
        scores = (self._vectors @ self._tfidf([normal])[0]).round(_DIGITS)
        chosen: list[dspy.Example] = []
        for row in np.argsort(-scores, kind="stable"):
            if len(chosen) == self.k:
                break
            if self._whole[row] != own:
                chosen.append(dspy.Example(**self.demos[row]))
        return chosen[::-1]

    def longest(self) -> list[dspy.Example]:
        """Return the `k` longest demonstrations, which a prompt may have to hold."""
        by_length = sorted(self.demos, key=_length, reverse=True)
        return [dspy.Example(**demo) for demo in by_length[: self.k]]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a program file."""
        plain = {"k": self.k, "demos": [dict(demo) for demo in self.demos]}
        return plain | {"by_task": True} if self.by_task else plain

    @classmethod
    def from_dict(cls, plain: object) -> Self:
        """Return the demonstrations that `as_dict` described.

        Raises:
            ValueError: for anything else.
        """
        if not isinstance(plain, dict):
            raise _not_demonstrations()
        k, demos = plain.get("k"), plain.get("demos")
        if not isinstance(k, int) or not isinstance(demos, list):
            raise _not_demonstrations()
        for demo in demos:
            if not isinstance(demo, dict) or not isinstance(demo.get("question"), str):
                raise _not_demonstrations()
        return cls(k, demos, plain.get("by_task") is True)

    def _compared(self, question: str) -> str:
        """Return the part of a question by which it is compared, in a form without differences."""
        return normalize_text(question.partition("\n")[0] if self.by_task else question)

    @cached_property
    def _whole(self) -> list[str]:
        return [normalize_text(str(demo["question"])) for demo in self.demos]

    @cached_property
    def _questions(self) -> list[str]:
        return [self._compared(str(demo["question"])) for demo in self.demos]

    @cached_property
    def _idf(self) -> Array:
        """(entries,) the weight of each n-gram: the fewer questions contain it, the more."""
        return inverse_frequencies(_tf(self._questions), len(self.demos))

    @cached_property
    def _vectors(self) -> Array:
        return self._tfidf(self._questions)

    def _tfidf(self, questions: Sequence[str]) -> Array:
        """Return (questions, entries) of TF-IDF vectors of length 1."""
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
    """Return the demonstrations to select from in a program's state, by predictor.

    Raises:
        ValueError: for other data, or a predictor that the state lacks.
    """
    saved = state.get("neighbours", {})
    if not isinstance(saved, dict):
        raise ValueError("its neighbours are not an object")
    found = {}
    for name, plain in saved.items():
        if name not in state:
            raise ValueError(f"it has neighbours for {name}, and no such predictor")
        found[name] = KNNDemos.from_dict(plain)
    return found


def _not_demonstrations() -> ValueError:
    return ValueError(
        "its neighbours are not a number k and a list of demonstrations with a question each"
    )


def _length(demo: Mapping[str, Any]) -> int:
    return sum(len(str(value)) for value in demo.values())


def _tf(questions: Sequence[str]) -> Array:
    """Return (questions, entries): 1 + log of a hashed n-gram's count; 0 for an absent one."""
    rows = np.zeros((len(questions), SIZE))
    for row, question in zip(rows, questions, strict=True):
        for entry, weight in term_weights(question).items():
            row[entry] = weight
    return rows
