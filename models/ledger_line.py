"""The types of the lines of a ledger and of its messages, which check them when they are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic checks these on Python 3.11
)

from annotated_types import Gt, Lt
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ..errors import CopeError
from ..util.files import read_jsonl
from ..util.json_types import JsonObject
from ..util.validate import check_type
from .usage_row import Amount, Count

_Finite = Annotated[float, Gt(float("-inf")), Lt(float("inf"))]


class CallLine(TypedDict):
    """A call, see `Call`. Keys that only some versions write may be missing."""

    tier: str
    model: str
    round: Count
    role: str
    sample: NotRequired[int | None]
    prompt_tokens: Count | None
    completion_tokens: Count | None
    cached_tokens: NotRequired[Count | None]
    usd: Amount | None
    seconds: Amount | None
    machine_seconds: NotRequired[Amount | None]
    hit: NotRequired[bool]
    cancelled: NotRequired[bool]
    truncated: NotRequired[bool]
    restored: NotRequired[bool]
    logprob: NotRequired[_Finite | None]
    logprob_tokens: NotRequired[Count | None]
    logprob_window: NotRequired[_Finite | None]
    unreported_prompt: NotRequired[Count]
    unreported_completion: NotRequired[Count | None]
    usd_low: NotRequired[Amount]
    usd_high: NotRequired[Amount | None]
    prompt_shared: NotRequired[bool]
    drafted: NotRequired[Count | None]
    draft_accepted: NotRequired[Count | None]
    estimated: NotRequired[bool]


class _Output(TypedDict):
    """An output with more than a text. Keys of other kinds are left to DSPy."""

    text: NotRequired[str | None]
    reasoning_content: NotRequired[str | None]


class _LedgerLine(TypedDict):
    key: str
    call: CallLine
    outputs: list[str | _Output | None]
    shared: NotRequired[bool]
    messages: NotRequired[list[str]]
    settings: NotRequired[dict[str, Any]]
    question: NotRequired[str]
    step: NotRequired[int]


class _Message(TypedDict):
    role: str


class _MessageLine(TypedDict):
    key: str
    message: _Message


def read_ledger(path: Path, *, repair: bool = True) -> Iterator[JsonObject]:
    """Yield the lines of a ledger; none when there is no file.

    Args:
        path: the file.
        repair: see `read_jsonl`.

    Raises:
        CopeError: when the file cannot be read, or a line is no call, with its number.
    """
    for number, line in enumerate(read_jsonl(path, repair), 1):
        check_line(_LedgerLine, line, path, number)
        yield line


def read_messages(path: Path, *, repair: bool = True) -> Iterator[JsonObject]:
    """Yield the lines of a ledger's file of messages, see `read_ledger`."""
    for number, line in enumerate(read_jsonl(path, repair), 1):
        check_line(_MessageLine, line, path, number)
        yield line


def check_line(kind: Any, line: JsonObject, path: Path, number: int) -> None:
    """Raise an error unless a line of a file of calls has a type.

    Args:
        kind: the type.
        line: the line.
        path: the file.
        number: the line's number.

    Raises:
        CopeError: with the number of the line and the path of the first wrong value.
    """
    try:
        check_type(kind, line)
    except ValueError as error:
        raise CopeError(
            f"{path} line {number} is not a record of calls ({error}): take the line out, or move "
            "the file away, and run the command again, which makes the missing calls"
        ) from None
