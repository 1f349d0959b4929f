"""The systems of a comparison: the score and the cost of each question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...models import Usage
from ...models.usage_row import UsageRow
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
"""The fields of `Usage` that a quantity sums."""


def tiers_in(results: Iterable[QuestionResult]) -> tuple[str, ...]:
    """Return the tiers that made calls, in the order of the rounds; the last tier comes last."""
    used: set[tuple[int, bool, str]] = set()
    for result in results:
        for row in result.usage:
            used.add((row["round"] or 0, row["role"] == "plan", row["tier"]))
    return tier_order((None, tier) for _, _, tier in sorted(used))


@dataclass(frozen=True)
class QuestionScores:
    """The result of one system on one question.

    Attributes:
        score: 0 to 1.
        costs: the cost by measure at most; NaN if unknown.
        costs_at_least: the same without what stopped calls may have used above what is known.
        usage: the usage by tier and quantity: `tokens` (read and written), `written` or `calls`;
            NaN if unknown.
    """

    score: float
    costs: dict[str, float]
    costs_at_least: dict[str, float]
    usage: dict[tuple[str, str], float]

    @classmethod
    def from_result(cls, result: QuestionResult, last_tier: str) -> "QuestionScores":
        """Return the scores of a result.

        Args:
            result: the result.
            last_tier: the last tier of the comparison, whose calls some measures count.
        """
        by_tier = _usage_by_tier(result.usage)
        quantities: dict[tuple[str, str], float] = {}
        for tier, usage in by_tier.items():
            for quantity, fields in _USAGE_FIELDS.items():
                quantities[tier, quantity] = sum(usage.amount(field) for field in fields)

        def amount(field: str, tier: str) -> float:
            return by_tier[tier].amount(field) if tier in by_tier else 0.0

        def amount_at_least(field: str, tier: str) -> float:
            return by_tier[tier].amount_at_least(field) if tier in by_tier else 0.0

        costs: dict[str, float] = {}
        costs_at_least: dict[str, float] = {}
        for name, measure in MEASURES.items():
            costs[name] = float(measure.total(amount, by_tier, last_tier))
            costs_at_least[name] = float(measure.total(amount_at_least, by_tier, last_tier))
        return cls(result.score or 0.0, costs, costs_at_least, quantities)


def _usage_by_tier(usage: Sequence[UsageRow]) -> dict[str, Usage]:
    rows: dict[str, list[UsageRow]] = {}
    for row in usage:
        rows.setdefault(row["tier"], []).append(row)
    return {tier: Usage.from_rows(rows[tier]) for tier in sorted(rows)}


@dataclass(frozen=True)
class SystemScores:
    """The results of a system as arrays.

    Attributes:
        name: the name of the system.
        questions: the results by question key.
    """

    name: str
    questions: dict[str, QuestionScores]

    @classmethod
    def from_results(
        cls, name: str, results: Sequence[QuestionResult], last_tier: str
    ) -> "SystemScores":
        """Return the scores of a system, without questions on which a model failed.

        Args:
            name: the name of the system.
            results: its results.
            last_tier: the last tier of the comparison.
        """
        questions: dict[str, QuestionScores] = {}
        for result in results:
            if result.error is None:
                questions[result.key] = QuestionScores.from_result(result, last_tier)
        return cls(name, questions)

    def scores(self, keys: Sequence[str]) -> Array:
        """Return (questions,) of float, 0 to 1."""
        return np.array([self.questions[key].score for key in keys])

    def right(self, keys: Sequence[str]) -> Array:
        """Return (questions,) of bool: whether the score is 1."""
        return self.scores(keys) >= 1.0

    def costs(self, measure: str, keys: Sequence[str]) -> Array:
        """Return (questions,) of float: the cost by a measure at most; NaN if unknown."""
        return np.array([self.questions[key].costs[measure] for key in keys])

    def costs_at_least(self, measure: str, keys: Sequence[str]) -> Array:
        """Return (questions,) of float: the cost by a measure at least."""
        return np.array([self.questions[key].costs_at_least[measure] for key in keys])

    def usage(self, tier: str, quantity: str, keys: Sequence[str]) -> Array:
        """Return (questions,) of float: the usage of a tier; NaN if unknown."""
        return np.array([self.questions[key].usage.get((tier, quantity), 0.0) for key in keys])

    @property
    def tiers(self) -> set[str]:
        """The tiers that made calls."""
        return {tier for question in self.questions.values() for tier, _ in question.usage}

    def is_known(self, measure: str, keys: Sequence[str] | None = None) -> bool:
        """Return whether the cost by a measure is known for some questions; None for all."""
        if keys is None:
            keys = list(self.questions)
        return bool(np.isfinite(self.costs(measure, keys)).all())
