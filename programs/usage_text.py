"""Format the usage of a question: calls and tokens by tier, money, seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..models.cost import CostBounds
from ..models.usage import Usage
from ..models.usage_row import UsageRow
from ..models.usage_rows import current_rows, spent_rows
from ..util.text import plural


def format_cost(usage: Sequence[UsageRow | Mapping[str, Any]]) -> str:
    """Format the cost of some calls. An unknown cost is `unknown`, never counted as zero.

    >>> small = {"usd_low": 0.0, "usd_high": None, "tier": "small", "hits": 0}
    >>> format_cost([small, {"usd_low": 0.02, "usd_high": 0.02, "tier": "large", "hits": 0}])
    'at least $0.020 (small unknown)'
    """
    rows = current_rows(usage)
    low = sum(row["usd_low"] for row in rows)
    unknown = dict.fromkeys(row["tier"] for row in rows if row["usd_high"] is None)
    if unknown:
        text = CostBounds(low, None).text
        return f"{text} ({', '.join(unknown)} unknown)" if low else text
    return CostBounds(low, sum(row["usd_high"] for row in rows)).text


def format_usage(usage: Sequence[UsageRow], seconds: float) -> str:
    """Format calls and tokens by tier, then money and time, on one line.

    Args:
        usage: rows as `Cascade` gives them, for each tier, round and role.
        seconds: how long it took.
    """
    tiers = dict.fromkeys(row["tier"] for row in sorted(usage, key=lambda row: row["round"]))
    parts = [_tier(tier, [row for row in usage if row["tier"] == tier]) for tier in tiers]
    money = format_cost(usage)
    if any(row["hits"] for row in usage):
        money = f"{format_cost(spent_rows(usage))} now, {money} without the cache"
    return f"used: {'; '.join([*parts, f'money {money}'])}; {seconds:.1f} s"


def _tier(name: str, rows: Sequence[UsageRow]) -> str:
    total = Usage.from_rows(rows)
    if not total.calls:
        return f"{name} nothing"
    parts = [plural(total.calls, "call")]
    if total.hits:
        parts.append(f"{total.hits} from the cache")
    if total.cancelled:
        parts.append(f"{total.cancelled} stopped early")
    parts.append(f"{_count(total.prompt_tokens)} tokens in")
    parts.append(f"{_count(total.completion_tokens)} out")
    return f"{name} {', '.join(parts)}"


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
