"""Sums over the answered rows, kept while they are answered."""

from dataclasses import dataclass, field
from typing import Any

from ..models import Usage
from .answer_columns import AnsweredRow


@dataclass
class Totals:
    """Sums over rows.

    Attributes:
        rows: rows that have an answer or an error.
        answered: rows with an answer.
        unreadable: rows without a readable answer.
        failed: rows on which a model failed.
        refused: rows without a question, which were not asked.
        escalated: rows that a later stage than the first one answered.
        calls: requests that models answered.
        tokens: the known tokens of prompts and completions.
        usd: the known cost in USD, at most where calls were stopped early; None if no cost is
            known.
        usd_at_least: the same at least.
        unpriced: rows whose cost is not known.
        seconds: the sum of the rows' durations.
        tiers: rows that each tier answered.
    """

    rows: int = 0
    answered: int = 0
    unreadable: int = 0
    failed: int = 0
    refused: int = 0
    escalated: int = 0
    calls: int = 0
    tokens: int = 0
    usd: float | None = None
    usd_at_least: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0
    tiers: dict[str, int] = field(default_factory=dict)

    def without_answer(self) -> list[str]:
        """Return how many rows have no answer, by the reason.

        >>> Totals(failed=2).without_answer()
        ['2 failed']
        """
        parts = []
        if self.unreadable:
            parts.append(f"{self.unreadable:,} without a readable answer")
        if self.refused:
            parts.append(f"{self.refused:,} without a question")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        return parts

    def add(self, row: AnsweredRow) -> None:
        """Add a row."""
        self.rows += 1
        self.calls += row.calls
        self.seconds += row.seconds
        self.escalated += bool(row.escalated)
        if row.tokens is not None:
            self.tokens += row.tokens
        if row.usd is None:
            self.unpriced += 1
        elif row.calls:
            self.usd = (self.usd or 0.0) + row.usd
            self.usd_at_least += Usage.from_rows(row.usage).cost.low
        if row.error is None:
            self.answered += 1
            if row.tier is not None:
                self.tiers[row.tier] = self.tiers.get(row.tier, 0) + 1
        elif row.failed:
            self.failed += 1
        elif row.round is None:
            self.refused += 1
        else:
            self.unreadable += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the sums as plain data."""
        return dict(vars(self)) | {"tiers": dict(self.tiers)}
