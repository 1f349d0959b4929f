"""What model calls used: the one sum of calls, tokens, money and time."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .call import Call
from .usage_row import UsageRow

_ROW_FIELDS = (
    "calls",
    "hits",
    "cancelled",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "usd",
    "unpriced",
    "seconds",
    "machine_seconds",
)


@dataclass(slots=True)
class Usage:
    """The sum of some calls. A count that is not known for some of them is None, as in a recording that was imported.

    Attributes:
        calls: requests that a model answered.
        hits: requests that a cache answered; they are no calls.
        cancelled: calls that were stopped early.
        prompt_tokens: tokens read.
        plan_tokens: tokens that planners wrote.
        answer_tokens: tokens that others wrote.
        cached_tokens: of the tokens read, those in the engine's cache.
        usd: the sum of the prices that are known; None when none is.
        unpriced: calls without a price.
        seconds: the time of the single calls added up.
        machine_seconds: the time of the machine, shared out among calls in flight together.
        unpriced_finished: of the calls without a price, those that were not stopped early.
    """

    calls: int = 0
    hits: int = 0
    cancelled: int = 0
    prompt_tokens: int | None = 0
    plan_tokens: int | None = 0
    answer_tokens: int | None = 0
    cached_tokens: int | None = 0
    usd: float | None = None
    unpriced: int = 0
    seconds: float | None = 0.0
    machine_seconds: float | None = 0.0
    unpriced_finished: int = 0

    @classmethod
    def from_calls(cls, calls: Iterable[Call]) -> "Usage":
        """Return the sum of calls."""
        return cls._sum(_call_row(call) for call in calls)

    @classmethod
    def from_rows(cls, rows: Iterable[UsageRow | Mapping[str, Any]]) -> "Usage":
        """Return the sum of rows of a prediction's or a record's `usage`, each a sum by tier, round and role."""
        return cls._sum(rows)

    @classmethod
    def _sum(cls, rows: Iterable[UsageRow | Mapping[str, Any]]) -> "Usage":
        rows = list(rows)
        prices = [row["usd"] for row in rows if row["usd"] is not None]
        plans = [row["completion_tokens"] for row in rows if row["role"] == "plan"]
        answers = [row["completion_tokens"] for row in rows if row["role"] != "plan"]
        return cls(
            calls=sum(row["calls"] for row in rows),
            hits=sum(row["hits"] for row in rows),
            cancelled=sum(row["cancelled"] for row in rows),
            prompt_tokens=_total(row["prompt_tokens"] for row in rows),
            plan_tokens=_total(plans),
            answer_tokens=_total(answers),
            cached_tokens=_total(row.get("cached_tokens") for row in rows),
            usd=sum(prices) if prices else None,
            unpriced=sum(row["unpriced"] for row in rows),
            seconds=_total(row.get("seconds") for row in rows),
            machine_seconds=_total(row["machine_seconds"] for row in rows),
            unpriced_finished=sum(max(0, row["unpriced"] - row["cancelled"]) for row in rows),
        )

    @classmethod
    def from_totals(
        cls,
        calls: int = 0,
        tokens: int = 0,
        usd: float | None = 0.0,
        seconds: float = 0.0,
        completion_share: float = 0.0,
    ) -> "Usage":
        """Return an expected usage.

        Args:
            calls: requests.
            tokens: read and written.
            usd: None when a price is not known.
            seconds: the time of the machine.
            completion_share: of the tokens, the share that models write.
        """
        unknown = max(1, calls) if usd is None else 0
        completion = round(completion_share * tokens)
        return cls(
            calls=calls,
            prompt_tokens=tokens - completion,
            answer_tokens=completion,
            usd=usd,
            unpriced=unknown,
            unpriced_finished=unknown,
            machine_seconds=seconds,
        )

    @property
    def completion_tokens(self) -> int | None:
        """Tokens written."""
        return _total((self.plan_tokens, self.answer_tokens))

    @property
    def tokens(self) -> int | None:
        """Tokens read and written."""
        return _total((self.prompt_tokens, self.completion_tokens))

    @property
    def total_usd(self) -> float | None:
        """The money of all calls; None when a finished call has no price.

        A call that was stopped early and has no price counts as free, because no provider says what it bills for one.
        """
        return None if self.unpriced_finished else self.usd or 0.0

    def plus(self, other: "Usage", times: float = 1.0) -> "Usage":
        """Return the sum of this usage and a multiple of another. Counts are rounded."""
        usd = self.usd
        if other.usd is not None:
            usd = (self.usd or 0.0) + times * other.usd
        prompt = _plus(self.prompt_tokens, other.prompt_tokens, times)
        plan = _plus(self.plan_tokens, other.plan_tokens, times)
        answer = _plus(self.answer_tokens, other.answer_tokens, times)
        tokens = _plus(self.tokens, other.tokens, times)
        if tokens is not None and prompt is not None and plan is not None:
            answer = tokens - prompt - plan  # so that the rounded parts add up to the rounded total
        return Usage(
            calls=self.calls + round(times * other.calls),
            hits=self.hits + round(times * other.hits),
            cancelled=self.cancelled + round(times * other.cancelled),
            prompt_tokens=prompt,
            plan_tokens=plan,
            answer_tokens=answer,
            cached_tokens=_plus(self.cached_tokens, other.cached_tokens, times),
            usd=usd,
            unpriced=self.unpriced + round(times * other.unpriced),
            seconds=_plus_seconds(self.seconds, other.seconds, times),
            machine_seconds=_plus_seconds(self.machine_seconds, other.machine_seconds, times),
            unpriced_finished=self.unpriced_finished + other.unpriced_finished,
        )

    def minus(self, other: "Usage") -> "Usage":
        """Return what was used since `other`."""
        return self.plus(other, -1.0)

    def times(self, factor: float) -> "Usage":
        """Return a multiple. Counts are rounded."""
        return Usage().plus(self, factor)

    def amount(self, what: str) -> float:
        """Return one of the keys of `summary` as a number; NaN where it is not known."""
        if what == "usd" and self.unpriced:
            return math.nan
        if what == "usd":
            return self.usd or 0.0
        value = self.summary()[what]
        return math.nan if value is None else float(value)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields of a row of `usage`."""
        return {name: getattr(self, name) for name in _ROW_FIELDS}

    def summary(self) -> dict[str, Any]:
        """Return the fields of a summary; `seconds` is the machine's time."""
        return {
            "calls": self.calls,
            "cancelled": self.cancelled,
            "hits": self.hits,
            "prompt_tokens": self.prompt_tokens,
            "plan_tokens": self.plan_tokens,
            "answer_tokens": self.answer_tokens,
            "usd": self.usd,
            "unpriced": self.unpriced,
            "seconds": self.machine_seconds,
        }

    def totals(self) -> dict[str, Any]:
        """Return the quantities that a budget bounds, by its fields' names; `seconds` is the machine's time."""
        return {
            "calls": self.calls,
            "tokens": self.tokens,
            "usd": self.total_usd,
            "seconds": self.machine_seconds,
        }


def _call_row(call: Call) -> dict[str, Any]:
    row = {name: getattr(call, name) for name in _ROW_FIELDS if hasattr(call, name)}
    row["calls"] = int(not call.cache_hit)
    row["hits"] = int(call.cache_hit)
    row["cancelled"] = int(call.cancelled)
    row["unpriced"] = int(call.usd is None)
    row["role"] = call.role
    return row


def _total(values: Iterable[Any]) -> Any:
    """Return the sum; None as soon as a part is not known."""
    parts = list(values)
    return None if None in parts else sum(parts)


def _plus(one: int | None, other: int | None, times: float) -> int | None:
    return None if one is None or other is None else one + round(times * other)


def _plus_seconds(one: float | None, other: float | None, times: float) -> float | None:
    return None if one is None or other is None else one + times * other
