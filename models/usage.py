"""The usage of model calls: the sum of calls, tokens, money and time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..util.json_types import JsonObject
from .call import Call
from .cost import CostBounds
from .usage_row import UsageRow
from .usage_rows import call_row, current_rows

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
    "usd_low",
    "usd_high",
    "unreported_prompt",
    "unreported_completion",
)


_UNREPORTED = {
    "prompt_tokens": "unreported_prompt",
    "plan_tokens": "unreported_plan",
    "answer_tokens": "unreported_answer",
}


@dataclass(slots=True)
class Usage:
    """The sum of some calls.

    A count is None when it is not known for one of the calls, as in an imported recording.

    Attributes:
        calls: requests, whether a model or a cache answered.
        hits: of these, requests that a cache answered. All other amounts are those of the original
            calls, which is the cost without a cache. See `spent_rows` for what they cost now.
        cancelled: calls that were stopped early.
        prompt_tokens: tokens of prompts.
        plan_tokens: tokens of completions of planners.
        answer_tokens: tokens of all other completions.
        cached_tokens: tokens of prompts that the engine had in its cache.
        usd: the sum of the known prices; None when no price is known.
        unpriced: calls whose price is not known exactly.
        seconds: the sum of the calls' durations.
        machine_seconds: the time of the machine, which concurrent calls divide.
        unpriced_finished: calls without a known price that were not stopped early.
        usd_low: the cost of all calls at least.
        usd_high: the cost of all calls at most; None when a price is unknown.
        unreported_prompt: tokens at most that cancelled calls read above `prompt_tokens`.
        unreported_plan: tokens at most that cancelled planners wrote above `plan_tokens`; None
            without a limit.
        unreported_answer: tokens at most that other cancelled calls wrote above `answer_tokens`.
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
    usd_low: float = 0.0
    usd_high: float | None = 0.0
    unreported_prompt: int | None = 0
    unreported_plan: int | None = 0
    unreported_answer: int | None = 0

    @classmethod
    def from_calls(cls, calls: Iterable[Call]) -> "Usage":
        """Return the sum of calls."""
        return cls._of_current_rows([call_row(call) for call in calls])

    @classmethod
    def from_rows(cls, rows: Iterable[UsageRow | Mapping[str, Any]]) -> "Usage":
        """Return the sum of rows of `usage` in predictions or records."""
        return cls._of_current_rows(current_rows(rows))

    @classmethod
    def _of_current_rows(cls, rows: list[JsonObject]) -> "Usage":
        prices = [row["usd"] for row in rows if row["usd"] is not None]
        plans = [row["completion_tokens"] for row in rows if row["role"] == "plan"]
        answers = [row["completion_tokens"] for row in rows if row["role"] != "plan"]
        unreported = [row["unreported_completion"] for row in rows if row["role"] == "plan"]
        unreported_answers = [row["unreported_completion"] for row in rows if row["role"] != "plan"]
        return cls(
            calls=sum([row["calls"] for row in rows]),
            hits=sum([row["hits"] for row in rows]),
            cancelled=sum([row["cancelled"] for row in rows]),
            prompt_tokens=_sum([row["prompt_tokens"] for row in rows]),
            plan_tokens=_sum(plans),
            answer_tokens=_sum(answers),
            cached_tokens=_sum([row.get("cached_tokens") for row in rows]),
            usd=sum(prices) if prices else None,
            unpriced=sum([row["unpriced"] for row in rows]),
            seconds=_sum([row.get("seconds") for row in rows]),
            machine_seconds=_sum([row.get("machine_seconds") for row in rows]),
            unpriced_finished=sum([max(0, row["unpriced"] - row["cancelled"]) for row in rows]),
            usd_low=sum([row["usd_low"] for row in rows]),
            usd_high=_sum([row["usd_high"] for row in rows]),
            unreported_prompt=_sum([row["unreported_prompt"] for row in rows]),
            unreported_plan=_sum(unreported),
            unreported_answer=_sum(unreported_answers),
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
            usd_low=usd or 0.0,
            usd_high=usd,
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
    def unreported_completion(self) -> int | None:
        """Tokens at most that cancelled calls wrote above `completion_tokens`."""
        return _sum((self.unreported_plan, self.unreported_answer))

    @property
    def cost(self) -> CostBounds:
        """The cost of all calls, between its bounds."""
        return CostBounds(self.usd_low, self.usd_high)

    @property
    def total_usd(self) -> float | None:
        """The money of all calls at most; None when a finished call has no price.

        A call that was stopped early and has neither price nor bounds counts as free, because no
        provider says what it bills for one.
        """
        if self.unpriced_finished:
            return None
        return self.usd_low if self.usd_high is None else self.usd_high

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
            usd_low=self.usd_low + times * other.usd_low,
            usd_high=_add_multiple(self.usd_high, other.usd_high, times),
            unreported_prompt=_add_rounded(self.unreported_prompt, other.unreported_prompt, times),
            unreported_plan=_add_rounded(self.unreported_plan, other.unreported_plan, times),
            unreported_answer=_add_rounded(self.unreported_answer, other.unreported_answer, times),
        )

    def minus(self, other: "Usage") -> "Usage":
        """Return what was used since `other`."""
        return self.plus(other, -1.0)

    def times(self, factor: float) -> "Usage":
        """Return a multiple. Counts are rounded."""
        return Usage().plus(self, factor)

    def amount(self, name: str) -> float:
        """Return a value of `summary` as a number; NaN where it is not known.

        What cancelled calls may have used above what is known of them is included.
        """
        value = self.usd_high if name == "usd" else self._summarized(name)
        if name in _UNREPORTED:
            value = _sum((value, getattr(self, _UNREPORTED[name])))
        return math.nan if value is None else float(value)

    def amount_at_least(self, name: str) -> float:
        """Return a value of `summary` without what cancelled calls may have used above it."""
        value = self.usd_low if name == "usd" else self._summarized(name)
        return math.nan if value is None else float(value)

    def _summarized(self, name: str) -> Any:
        """Return one value of `summary`; comparisons ask for many."""
        return self.machine_seconds if name == "seconds" else getattr(self, name)

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
            "usd_low": self.usd_low,
            "usd_high": self.usd_high,
            "unreported_prompt": self.unreported_prompt,
            "unreported_completion": self.unreported_completion,
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


def _sum(values: Sequence[Any]) -> Any:
    """Return the sum; None when one of the values is not known."""
    return None if None in values else sum(values)


def _add_rounded(total: int | None, value: int | None, times: float) -> int | None:
    return None if total is None or value is None else total + round(times * value)


def _add_multiple(total: float | None, value: float | None, times: float) -> float | None:
    return None if total is None or value is None else total + times * value
