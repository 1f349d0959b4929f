"""The systems of a comparison: what came of each question, and what it cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...models import Usage
from ...stats.measures import MEASURES
from ...stats.tiers import tier_order
from ...util.arrays import Array
from ..run.store import QuestionResult

TOKENS, WRITTEN, CALLS = "tokens", "written", "calls"
_USAGE_FIELDS = {
    TOKENS: ("prompt_tokens", "plan_tokens", "answer_tokens"),
    WRITTEN: ("plan_tokens", "answer_tokens"),
    CALLS: ("calls",),
}


def tiers_in(records: Iterable[QuestionResult]) -> tuple[str, ...]:
    """Return the tiers that some records show, in the order of the rounds; the last tier comes last."""
    seen = {
        (row["round"] or 0, row["role"] == "plan", row["tier"])
        for record in records
        for row in record.usage
    }
    return tier_order((None, tier) for _, _, tier in sorted(seen))


@dataclass(frozen=True)
class QuestionScores:
    """One system's outcome on one question.

    Attributes:
        score: 0 to 1.
        costs: by measure, NaN where it is not known.
        usage: by tier and by `tokens` (read and written), `written` or `calls`, NaN where it is not known.
    """

    score: float
    costs: dict[str, float]
    usage: dict[tuple[str, str], float]

    @classmethod
    def from_result(cls, result: QuestionResult, last_tier: str) -> "QuestionScores":
        tiers = {row["tier"] for row in result.usage}
        spent = {
            tier: Usage.from_rows(row for row in result.usage if row["tier"] == tier)
            for tier in sorted(tiers)
        }
        use = {
            (tier, what): sum(usage.amount(part) for part in parts)
            for tier, usage in spent.items()
            for what, parts in _USAGE_FIELDS.items()
        }

        def figure(what: str, tier: str) -> float:
            return spent[tier].amount(what) if tier in spent else 0.0

        costs = {
            name: float(measure.total(figure, spent, last_tier))
            for name, measure in MEASURES.items()
        }
        return cls(result.score or 0.0, costs, use)


@dataclass(frozen=True)
class SystemScores:
    """A preset or program on its questions.

    Attributes:
        name: what it is called.
        questions: by the question's key, those with an outcome.
    """

    name: str
    questions: dict[str, QuestionScores]

    @classmethod
    def from_results(
        cls, name: str, results: Sequence[QuestionResult], last_tier: str
    ) -> "SystemScores":
        """Return a system's outcomes; questions on which a model failed have none."""
        answered = [record for record in results if record.error is None]
        return cls(
            name, {record.key: QuestionScores.from_result(record, last_tier) for record in answered}
        )

    def scores(self, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].score for key in keys])

    def right(self, keys: Sequence[str]) -> Array:
        """(questions,) of bool: the score is 1."""
        return self.scores(keys) >= 1.0

    def costs(self, measure: str, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].costs[measure] for key in keys])

    def usage(self, tier: str, what: str, keys: Sequence[str]) -> Array:
        return np.array([self.questions[key].usage.get((tier, what), 0.0) for key in keys])

    @property
    def tiers(self) -> set[str]:
        return {tier for question in self.questions.values() for tier, _ in question.usage}

    def is_known(self, measure: str) -> bool:
        """Whether a measure is known on every question."""
        return bool(np.isfinite(self.costs(measure, list(self.questions))).all())
