"""The parts of an evaluation by a field of its rows, as a table, plain data and metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...models import Usage
from ...util.result_table import ResultTable
from ...util.tables import new_table, percent

MISSING = "(none)"
"""The value of a question whose row lacks the field."""


def sort_key(value: str) -> tuple[bool, float, str]:
    """Sort whole numbers by size, before texts."""
    is_number = value.isdecimal()
    return not is_number, float(value) if is_number else 0.0, value


class _Round(Protocol):
    @property
    def round(self) -> int: ...
    @property
    def share(self) -> float: ...


class PartSummary(Protocol):
    """The summary of a part, as far as a breakdown reads it; `Summary`, which holds one, is one."""

    @property
    def n(self) -> int: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def interval(self) -> tuple[float, float]: ...
    @property
    def rounds(self) -> Sequence[_Round]: ...
    @property
    def total(self) -> Usage: ...
    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Breakdown:
    """The summaries of the parts of an evaluation.

    Attributes:
        field: the field of the rows.
        parts: the summary of the questions of each value, in the order of the values.
    """

    field: str
    parts: Mapping[str, PartSummary]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        values = {value: part.as_dict() for value, part in self.parts.items()}
        return {"field": self.field, "values": values}

    def metrics(self) -> dict[str, float | int | None]:
        """Return the accuracy, cost and size of each part for MLflow, by names that it takes."""
        metrics: dict[str, float | int | None] = {}
        for value, part in self.parts.items():
            name = "".join(c if c.isalnum() or c in "-. " else "_" for c in value)[:60]
            start = f"by.{self.field}.{name}"
            metrics[f"{start}.questions"] = part.n
            metrics[f"{start}.accuracy"] = part.accuracy
            metrics[f"{start}.usd"] = part.total.usd
        return metrics

    def table(self) -> ResultTable:
        """Return a row for each value: questions, accuracy, shares of the rounds, cost, tokens."""
        rounds = [f"round {round_.round}" for round_ in next(iter(self.parts.values())).rounds]
        columns = (self.field, "n", "accuracy", "95% interval", *rounds, "tokens", "money")
        table = new_table(columns, left=(self.field,))
        for value, part in self.parts.items():
            low, high = part.interval
            counts = (part.total.prompt_tokens, part.total.plan_tokens, part.total.answer_tokens)
            known = [count for count in counts if count is not None]
            tokens = f"{sum(known):,}" if len(known) == len(counts) else "unknown"
            table.add_row(
                value,
                str(part.n),
                percent(part.accuracy, "unknown"),
                f"{low:.1%} to {high:.1%}",
                *(percent(round_.share) for round_ in part.rounds),
                tokens,
                part.total.cost.cell if part.total.calls else "-",
            )
        return table
