"""The usage of model calls: the sum of calls, tokens, money and time."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..util.json_types import JsonObject
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
    """The sum of some calls.

    A count is None when it is not known for one of the calls, as in an imported recording.

    Attributes:
        calls: requests that a model answered.
        hits: requests that a cache answered; they are not calls.
        cancelled: calls that were stopped early.
        prompt_tokens: tokens of prompts.
        plan_tokens: tokens of completions of planners.
        answer_tokens: tokens of all other completions.
        cached_tokens: tokens of prompts that the engine had in its cache.
        usd: the sum of the known prices; None when no price is known.
        unpriced: calls without a known price.
        seconds: the sum of the calls' durations.
        machine_seconds: the time of the machine, which concurrent calls divide.
        unpriced_finished: calls without a known price that were not stopped early.
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
        return cls.from_rows(_call_row(call) for call in calls)

    @classmethod
    def from_rows(cls, rows: Iterable[UsageRow | Mapping[str, Any]]) -> "Usage":
        """Return the sum of rows of `usage` in predictions or records."""
        rows = list(rows)
        prices = [row["usd"] for row in rows if row["usd"] is not None]
        plans = [row["completion_tokens"] for row in rows if row["role"] == "plan"]
        answers = [row["completion_tokens"] for row in rows if row["role"] != "plan"]
        return cls(
            calls=sum(row["calls"] for row in rows),
            hits=sum(row["hits"] for row in rows),
            cancelled=sum(row["cancelled"] for row in rows),
            prompt_tokens=_sum(row["prompt_tokens"] for row in rows),
            plan_tokens=_sum(plans),
            answer_tokens=_sum(answers),
            cached_tokens=_sum(row.get("cached_tokens") for row in rows),
            usd=sum(prices) if prices else None,
            unpriced=sum(row["unpriced"] for row in rows),
            seconds=_sum(row.get("seconds") for row in rows),
            machine_seconds=_sum(row.get("machine_seconds") for row in rows),
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
            tokens: tokens of prompts and completions.
            usd: money; None when a price is not known.
            seconds: the time of the machine.
            completion_share: the share of the tokens that are completions, 0 to 1.
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
        """Tokens of completions."""
        return _sum((self.plan_tokens, self.answer_tokens))

    @property
    def tokens(self) -> int | None:
        """Tokens of prompts and completions."""
        return _sum((self.prompt_tokens, self.completion_tokens))

    @property
    def total_usd(self) -> float | None:
        """The money of all calls; None when a finished call has no price.

        A call that was stopped early and has no price counts as free, because no provider says
        what it bills for one.
        """
        return None if self.unpriced_finished else self.usd or 0.0

    def plus(self, other: "Usage", times: float = 1.0) -> "Usage":
        """Return the sum of this usage and a multiple of another. Counts are rounded."""
        usd = self.usd
        if other.usd is not None:
            usd = (self.usd or 0.0) + times * other.usd
        prompt = _add_rounded(self.prompt_tokens, other.prompt_tokens, times)
        plan = _add_rounded(self.plan_tokens, other.plan_tokens, times)
        answer = _add_rounded(self.answer_tokens, other.answer_tokens, times)
        tokens = _add_rounded(self.tokens, other.tokens, times)
        if tokens is not None and prompt is not None and plan is not None:
            answer = tokens - prompt - plan  # so that the rounded parts sum to the rounded total
        return Usage(
            calls=self.calls + round(times * other.calls),
            hits=self.hits + round(times * other.hits),
            cancelled=self.cancelled + round(times * other.cancelled),
            prompt_tokens=prompt,
            plan_tokens=plan,
            answer_tokens=answer,
            cached_tokens=_add_rounded(self.cached_tokens, other.cached_tokens, times),
            usd=usd,
            unpriced=self.unpriced + round(times * other.unpriced),
            seconds=_add_multiple(self.seconds, other.seconds, times),
            machine_seconds=_add_multiple(self.machine_seconds, other.machine_seconds, times),
            unpriced_finished=self.unpriced_finished + other.unpriced_finished,
        )

    def minus(self, other: "Usage") -> "Usage":
        """Return what was used since `other`."""
        return self.plus(other, -1.0)

    def times(self, factor: float) -> "Usage":
        """Return a multiple. Counts are rounded."""
        return Usage().plus(self, factor)

    def amount(self, name: str) -> float:
        """Return a value of `summary` as a number; NaN where it is not known."""
        if name == "usd" and self.unpriced:
            return math.nan
        if name == "usd":
            return self.usd or 0.0
        value = self.summary()[name]
        return math.nan if value is None else float(value)

    def as_dict(self) -> JsonObject:
        """Return the fields of a row of `usage`."""
        return {name: getattr(self, name) for name in _ROW_FIELDS}

    def summary(self) -> JsonObject:
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

    def totals(self) -> JsonObject:
        """Return the quantities that a `Budget` limits, by its fields' names.

        `seconds` is the machine's time.
        """
        return {
            "calls": self.calls,
            "tokens": self.tokens,
            "usd": self.total_usd,
            "seconds": self.machine_seconds,
        }


def _call_row(call: Call) -> JsonObject:
    return {
        "role": call.role,
        "calls": int(not call.cache_hit),
        "hits": int(call.cache_hit),
        "cancelled": int(call.cancelled),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cached_tokens": call.cached_tokens,
        "usd": call.usd,
        "unpriced": int(call.usd is None),
        "seconds": call.seconds,
        "machine_seconds": call.machine_seconds,
    }


def _sum(values: Iterable[Any]) -> Any:
    """Return the sum; None when one of the values is not known."""
    parts = list(values)
    return None if None in parts else sum(parts)


def _add_rounded(total: int | None, value: int | None, times: float) -> int | None:
    return None if total is None or value is None else total + round(times * value)


def _add_multiple(total: float | None, value: float | None, times: float) -> float | None:
    return None if total is None or value is None else total + times * value
