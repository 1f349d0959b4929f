"""The questions whose outcome differs from the reference's: helped, harmed and both together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..run.breakdown import MISSING, sort_key
from ..run.store import QuestionResult


@dataclass(frozen=True)
class Flips:
    """Some questions that both systems answered, and those whose outcome differs.

    Attributes:
        questions: the number of questions.
        helped: the ids of the questions on which only the system is right.
        harmed: the ids of those on which only the reference is right.
    """

    questions: int
    helped: tuple[str, ...]
    harmed: tuple[str, ...]

    @property
    def churn(self) -> int:
        """The number of questions whose outcome differs, in either direction."""
        return len(self.helped) + len(self.harmed)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "questions": self.questions,
            "helped": list(self.helped),
            "harmed": list(self.harmed),
            "churn": self.churn,
        }


@dataclass(frozen=True)
class FlipTable:
    """The flips of one system: all, by the round that answered, and by a field of the rows.

    Attributes:
        system: the name of the system.
        reference: the name of the reference.
        total: the flips of all questions with a result of both.
        by_round: those of the questions that each round of the system answered.
        by_field: those of the questions with each value of the field; empty without a field.
    """

    system: str
    reference: str
    total: Flips
    by_round: dict[int, Flips]
    by_field: dict[str, Flips]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data; the rounds are keys of text, as JSON needs."""
        document: dict[str, Any] = {"system": self.system, "against": self.reference}
        document.update(self.total.as_dict())
        document["by_round"] = {str(name): one.as_dict() for name, one in self.by_round.items()}
        document["by_field"] = {name: one.as_dict() for name, one in self.by_field.items()}
        return document


def flip_table(
    system: str,
    results: Sequence[QuestionResult],
    reference: str,
    reference_results: Sequence[QuestionResult],
    values: Mapping[str, str] | None = None,
) -> FlipTable:
    """Return the flips of a system, on the questions for which both have a result.

    Args:
        system: the name of the system.
        results: its results.
        reference: the name of the reference.
        reference_results: the results of the reference.
        values: the value of a field for each question by its key; None without a field.
    """
    others = {result.key: result for result in reference_results if result.error is None}
    pairs: list[tuple[QuestionResult, QuestionResult]] = []
    for result in results:
        if result.error is None and result.key in others:
            pairs.append((result, others[result.key]))
    by_field: dict[str, Flips] = {}
    if values is not None:
        by_field = _parts(pairs, lambda result: values.get(result.key, MISSING))
    by_round = _parts(pairs, lambda result: result.round or 0)
    return FlipTable(system, reference, _flips(pairs), by_round, by_field)


def _parts(
    pairs: Sequence[tuple[QuestionResult, QuestionResult]], part: Callable[[QuestionResult], Any]
) -> dict[Any, Flips]:
    """Return the flips of each part of the pairs, in the order of the parts' names."""
    chosen: dict[Any, list[tuple[QuestionResult, QuestionResult]]] = {}
    for ours, theirs in pairs:
        chosen.setdefault(part(ours), []).append((ours, theirs))
    return {
        name: _flips(chosen[name]) for name in sorted(chosen, key=lambda name: sort_key(str(name)))
    }


def _flips(pairs: Sequence[tuple[QuestionResult, QuestionResult]]) -> Flips:
    helped: list[str] = []
    harmed: list[str] = []
    for ours, theirs in pairs:
        is_right, was_right = (ours.score or 0.0) >= 1.0, (theirs.score or 0.0) >= 1.0
        if is_right and not was_right:
            helped.append(ours.id)
        elif was_right and not is_right:
            harmed.append(ours.id)
    return Flips(len(pairs), tuple(helped), tuple(harmed))
