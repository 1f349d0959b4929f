"""The type of a line in a cache of rounds, which checks it when it is read."""

from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic checks these on Python 3.11
)

from annotated_types import Ge, Le, Len
from pydantic import AfterValidator
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ...models.ledger_line import CallLine
from ...models.usage_row import Amount, Count

_Share = Annotated[float, Ge(0), Le(1)]


def _trace_entry(value: Any) -> list[Any]:
    role, inputs, outputs = value
    if role not in ("planner", "reasoner") or not all(type(v) is dict for v in (inputs, outputs)):
        raise ValueError("it is no call of a planner or a reasoner")
    return value


_TraceEntry = Annotated[list[Any], Len(3, 3), AfterValidator(_trace_entry)]


class _VerdictLine(TypedDict):
    answer: str | None
    confidence: _Share | None
    supporters: list[Count]
    votes: dict[str, Count]
    words: NotRequired[str]
    kind: NotRequired[str]


class _TestLine(TypedDict):
    test: str
    passed: bool
    message: NotRequired[str]
    value: NotRequired[str | None]
    is_error: NotRequired[bool]


class _ReportLine(TypedDict):
    outcomes: list[_TestLine]
    seconds: Amount


class _SampleLine(TypedDict):
    index: int
    plan: str | None
    reasoning: str | None
    answer: str | None
    ballot: NotRequired[str | None]
    unread: NotRequired[str | None]
    report: NotRequired[_ReportLine]
    trace: NotRequired[list[_TraceEntry]]


class OutcomeLine(TypedDict):
    """A line of the file: a round's outcome, and the calls that made it."""

    key: str
    accepted: bool
    plan: str | None
    verdict: _VerdictLine
    samples: list[_SampleLine]
    shared: _SampleLine | None
    calls: list[CallLine]
