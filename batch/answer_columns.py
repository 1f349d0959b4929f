"""The answer to one row, and the columns in which it is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import CopeError, suggest_names
from ..models import Usage
from ..models.prices import Price
from ..models.reprice import reprice_rows
from ..models.usage_row import UsageRow
from ..programs import System, SystemAnswer
from ..programs.reply_counts import ReplyCounts
from ..util.json_text import replace_surrogates
from ..util.redact import redact

ADDED_COLUMNS: dict[str, type] = {
    "answer": str,
    "confidence": float,
    "round": int,
    "tier": str,
    "escalated": bool,
    "calls": int,
    "tokens": int,
    "usd": float,
    "seconds": float,
    "error": str,
}
"""The columns that may be added to a table, with their types."""

_PREFIX = "cope_"
UNREADABLE = "no answer could be read"


@dataclass
class AnsweredRow:
    """The answer to one row, or why it has none.

    Attributes:
        row: the number of the row in its table, from 1.
        answer: the answer; None if the row has none.
        confidence: the confidence in the answer, 0 to 1; None if the system has none.
        round: the round or stage that answered, from 1.
        tier: the tier that answered.
        escalated: whether a later stage than the first one answered.
        calls: requests that models answered.
        tokens: tokens of prompts and completions; None if a server does not report them.
        usd: the cost in USD, at most where calls were stopped early; None if a price is unknown.
        seconds: from the question to the answer.
        error: why the row has no answer, as one line; None if it has one.
        failed: whether a model failed, so that another attempt may succeed.
        usage: the usage by tier, round and role.
    """

    row: int
    answer: str | None = None
    confidence: float | None = None
    round: int | None = None
    tier: str | None = None
    escalated: bool | None = None
    calls: int = 0
    tokens: int | None = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    error: str | None = None
    failed: bool = False
    usage: list[UsageRow] = field(default_factory=list)

    @classmethod
    def of_answer(cls, row: int, system: System, answered: SystemAnswer) -> "AnsweredRow":
        """Return the row of a system's answer."""
        usage = Usage.from_rows(answered.usage)
        tokens = None
        if usage.prompt_tokens is not None and usage.completion_tokens is not None:
            tokens = usage.prompt_tokens + usage.completion_tokens
        answer = answered.answer
        return cls(
            row,
            answer=None if answer is None else redact(replace_surrogates(str(answer))),
            confidence=answered.confidence,
            round=answered.round,
            tier=system.stages[answered.round - 1].tiers[-1],
            escalated=answered.round > 1,
            calls=usage.calls,
            tokens=tokens,
            usd=usage.cost.high,
            seconds=round(answered.seconds, 3),
            error=_why_unreadable(answered) if answer is None else None,
            usage=answered.usage,
        )

    def priced(self, prices: Mapping[str, Price]) -> "AnsweredRow":
        """Return the row with the cost of its calls by other prices of their tiers."""
        if not prices or not self.usage:
            return self
        usage = reprice_rows(self.usage, prices)
        return replace(self, usage=usage, usd=Usage.from_rows(usage).cost.high)


def _why_unreadable(answered: SystemAnswer) -> str:
    """Return why a system's answer is None, as far as its replies show it."""
    counts = ReplyCounts.of_rounds(answered.rounds[-1:])
    if counts is not None and counts.cut:
        return f"{UNREADABLE}: a reply was cut at the limit of tokens (--max-tokens)"
    if counts is not None and counts.refused:
        return f"{UNREADABLE}: a reply says that there is none"
    return UNREADABLE


def check_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns to add, each once.

    Raises:
        CopeError: for a name that is not in `ADDED_COLUMNS`, or no name at all.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in ADDED_COLUMNS:
            raise CopeError(f"--columns {name}: {suggest_names(name, ADDED_COLUMNS)}")
    if not chosen:
        raise CopeError(f"--columns names nothing: there are {', '.join(ADDED_COLUMNS)}")
    return chosen


def output_names(chosen: Sequence[str], existing: Iterable[str]) -> dict[str, str]:
    """Return the name in the output of each added column.

    An input's column keeps its name and its cells. An added column of the same name gets the prefix
    `cope_`.

    >>> output_names(["answer", "usd"], ["text", "answer"])
    {'answer': 'cope_answer', 'usd': 'usd'}
    """
    taken = set(existing)
    names = {}
    for column in chosen:
        name = column
        while name in taken:
            name = f"{_PREFIX}{name}"
        taken.add(name)
        names[column] = name
    return names


def added_cells(answered: AnsweredRow, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the added cells of a row by their names in the output."""
    return {name: getattr(answered, column) for column, name in names.items()}
