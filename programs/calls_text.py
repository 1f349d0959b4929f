"""Print the calls of a question: the exact messages, settings and reply of each."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ..models import Call
from ..util.redact import redact
from ..util.text import printable


def call_lines(calls: Sequence[Call]) -> Iterator[str]:
    """Yield each call as text: its labels, its messages, its settings and its reply.

    Secrets are removed, and the characters that steer a terminal are made visible.
    """
    for number, call in enumerate(calls, 1):
        sample = "" if call.sample is None else f", sample {call.sample}"
        place = f"round {call.round}, {call.role}{sample}"
        yield f"call {number} of {len(calls)}: {call.tier} ({call.model}), {place}"
        if call.exchange is not None:
            yield printable(redact(call.exchange.text()))


def calls_document(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return the calls as plain data for JSON."""
    rows = []
    for call in calls:
        row = call.as_dict()
        if call.exchange is not None:
            row["exchange"] = asdict(call.exchange)
        rows.append(row)
    return rows
