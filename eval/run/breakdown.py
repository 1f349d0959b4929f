"""Break an evaluation down by a field of its rows, such as level, subject or type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dspy

from ...errors import CopeError, suggest_names
from ...models import Price
from ...util.result_table import ResultTable
from ...util.tables import new_table, percent
from .example_keys import key_examples
from .store import QuestionResult

if TYPE_CHECKING:
    from .summary import Summary

FIELDS = "fields"
"""The field of an example that holds the other fields of its row as short texts."""

MISSING = "(none)"


@dataclass(frozen=True)
class Breakdown:
    """The summaries of the parts of an evaluation.

    Attributes:
        field: the field of the rows.
        parts: the summary of the questions of each value, in the order of the values.
    """

    field: str
    parts: dict[str, "Summary"]

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


def values_by_key(examples: Sequence[dspy.Example], field: str) -> dict[str, str]:
    """Return the value of a field for each question, by the question's key.

    Raises:
        CopeError: if no row has the field, with the nearest and all fields.
    """
    values: dict[str, str] = {}
    known: dict[str, None] = {}
    for key, example in key_examples(list(examples)).items():
        fields = example.get(FIELDS) or {}
        known.update(dict.fromkeys(fields))
        values[key] = fields.get(field, MISSING)
    if field in known:
        return values
    if not known:
        raise CopeError(f"--by {field}: the questions have no fields besides question and answer")
    raise CopeError(f"--by {field}: no question has this field: {suggest_names(field, known)}")


def break_down(
    field: str,
    values: Mapping[str, str],
    results: Sequence[QuestionResult],
    rounds: int,
    groups: Mapping[str, str] | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Breakdown:
    """Summarize the questions of each value of a field.

    Args:
        field: the field.
        values: the value of each question by its key, see `values_by_key`.
        results: one for each question.
        rounds: number of rounds or stages of the system.
        groups: see `summarize`.
        prices: see `summarize`.
    """
    from .summary import summarize

    chosen: dict[str, list[QuestionResult]] = {}
    for result in results:
        chosen.setdefault(values.get(result.key, MISSING), []).append(result)
    parts = {}
    for value in sorted(chosen, key=_sort_key):
        parts[value] = summarize(chosen[value], rounds, None, groups, prices)
    return Breakdown(field, parts)


def _sort_key(value: str) -> tuple[bool, float, str]:
    """Sort whole numbers by size, before texts."""
    is_number = value.isdecimal()
    return not is_number, float(value) if is_number else 0.0, value
