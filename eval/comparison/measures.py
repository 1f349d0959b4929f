"""What a question cost a system, by measure, out of its record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, NamedTuple

import numpy as np

from ..records import Record

Array = np.ndarray[Any, Any]

SMALL, LARGE = "small", "large"
TOKENS, WRITTEN, CALLS = "tokens", "written", "calls"


class Measure(NamedTuple):
    """A cost of a question.

    Attributes:
        words: what it is, in words.
        unit: of the figure that a table shows, which is the mean for one question times `scale`.
        scale: see `unit`.
        of: the cost of a question, from the rows of its record's `usage`; NaN where it is not known.
    """

    words: str
    unit: str
    scale: float
    of: Callable[[Sequence[Mapping[str, Any]]], float]


def _sum(values: Iterable[float | None]) -> float:
    """The sum; NaN as soon as a part is not known."""
    parts = [nan if value is None else float(value) for value in values]
    return sum(parts)


def _usd(rows: Iterable[Mapping[str, Any]]) -> float:
    return _sum(None if row["unpriced"] else row["usd"] for row in rows if row["calls"] or row["hits"])


MEASURES = {
    "cost": Measure("USD, with a price for every tier", "USD / 1,000", 1000.0, _usd),
    "cost-small-free": Measure(
        "USD, the small tier's calls for nothing", "USD / 1,000, small free", 1000.0,
        lambda rows: _usd(row for row in rows if row["tier"] != SMALL),
    ),
    "large-tokens": Measure(
        "tokens that the large tier writes", "large tokens", 1.0,
        lambda rows: _sum(row["completion_tokens"] for row in rows if row["tier"] == LARGE),
    ),
    "seconds": Measure("seconds of model time", "seconds", 1.0, lambda rows: _sum(row["machine_seconds"] for row in rows)),
    "large-calls": Measure(
        "calls to the large tier", "large calls", 1.0,
        lambda rows: _sum(row["calls"] for row in rows if row["tier"] == LARGE),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One system's outcome on one question.

    Attributes:
        score: 0 to 1.
        costs: by measure, NaN where it is not known.
        use: by tier and by `tokens` (read and written), `written` or `calls`, NaN where it is not known.
    """

    score: float
    costs: dict[str, float]
    use: dict[tuple[str, str], float]

    @classmethod
    def of(cls, record: Record) -> "Question":
        use: dict[tuple[str, str], float] = {}
        for row in record.usage:
            written = _sum([row["completion_tokens"]])
            for what, value in (
                (TOKENS, written + _sum([row["prompt_tokens"]])),
                (WRITTEN, written),
                (CALLS, float(row["calls"])),
            ):
                use[row["tier"], what] = use.get((row["tier"], what), 0.0) + value
        costs = {name: measure.of(record.usage) for name, measure in MEASURES.items()}
        return cls(record.score or 0.0, costs, use)


@dataclass(frozen=True)
class System:
    """A preset or program on its questions.

    Attributes:
        name: what it is called.
        questions: by the question's key, those with an outcome.
    """

    name: str
    questions: dict[str, Question]

    @classmethod
    def of(cls, name: str, records: Sequence[Record]) -> "System":
        """Questions on which a model failed have no outcome."""
        return cls(name, {record.key: Question.of(record) for record in records if record.error is None})

    def scores(self, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].score for key in keys])

    def right(self, keys: Sequence[str]) -> Array:
        """(questions,) of bool: the score is 1."""
        return self.scores(keys) >= 1.0

    def costs(self, measure: str, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].costs[measure] for key in keys])

    def use(self, tier: str, what: str, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].use.get((tier, what), 0.0) for key in keys])

    @property
    def tiers(self) -> set[str]:
        return {tier for question in self.questions.values() for tier, _ in question.use}

    def knows(self, measure: str) -> bool:
        """Whether a measure is known on every question."""
        return bool(np.isfinite(self.costs(measure, list(self.questions))).all())
