"""Rows of usage as this version writes them: of a call, and of records of earlier versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..util.json_types import JsonObject
from .call import Call
from .usage_row import UsageRow


def call_row(call: Call) -> JsonObject:
    """Return a call as a row of `usage`."""
    cost = call.cost
    return {
        "role": call.role,
        "calls": 1,
        "hits": int(call.cache_hit),
        "cancelled": int(call.cancelled),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cached_tokens": call.cached_tokens,
        "usd": call.usd,
        "unpriced": int(call.usd is None),
        "seconds": call.seconds,
        "machine_seconds": call.machine_seconds,
        "usd_low": cost.low,
        "usd_high": cost.high,
        "unreported_prompt": call.unreported_prompt,
        "unreported_completion": call.unreported_completion,
    }


def current_rows(rows: Iterable[UsageRow | Mapping[str, Any]]) -> list[JsonObject]:
    """Return rows as this version writes them.

    Earlier versions counted nothing of a reply from the cache, so what it had cost is unknown, and
    they kept no bounds.
    """
    current: list[JsonObject] = []
    for row in rows:
        if "usd_low" in row:
            current.append(dict(row))
            continue
        asked = dict(row, hits=0)
        asked["usd_low"] = row["usd"] or 0.0
        asked["usd_high"] = None if row["unpriced"] else row["usd"] or 0.0
        asked["unreported_prompt"] = asked["unreported_completion"] = 0
        hits = row.get("hits", 0)
        if row.get("calls") or not hits:
            current.append(asked)
        if hits:
            current.append(_unknown_hits(row))
    return current


def _unknown_hits(row: UsageRow | Mapping[str, Any]) -> JsonObject:
    """Return the replies of a cache in a row of an earlier version as a row."""
    hits = dict(row, calls=row["hits"], cancelled=0, unpriced=row["hits"])
    for name in ("prompt_tokens", "completion_tokens", "usd", "seconds", "machine_seconds"):
        hits[name] = None
    hits["cached_tokens"] = hits["usd_high"] = None
    hits["usd_low"] = 0.0
    hits["unreported_prompt"] = hits["unreported_completion"] = 0
    return hits


def spent_rows(rows: Iterable[UsageRow | Mapping[str, Any]]) -> list[JsonObject]:
    """Return the rows of the calls that a model answered, which is what rows cost now."""
    return [row for row in current_rows(rows) if not row["hits"]]
