"""Format the usage of a question: calls and tokens by tier, money, seconds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...models.usage import Usage
from ...util.text import format_usd, plural

if TYPE_CHECKING:
    from ...models.usage_row import UsageRow


def format_cost(usage: Sequence["UsageRow"]) -> str:
    """Format the cost of some calls. An unknown cost is `unknown`, never counted as zero.

    >>> small = {"tier": "small", "usd": None, "unpriced": 3}
    >>> large = {"tier": "large", "usd": 0.02, "unpriced": 0}
    >>> format_cost([small, large])
    'at least $0.020 (small unknown)'
    """
    known = sum(row["usd"] for row in usage if row["usd"] is not None)
    unknown = dict.fromkeys(row["tier"] for row in usage if row["unpriced"])
    if not unknown:
        return format_usd(known)
    return f"at least {format_usd(known)} ({', '.join(unknown)} unknown)" if known else "unknown"


def format_usage(usage: Sequence["UsageRow"], seconds: float) -> str:
    """Format calls and tokens by tier, then money and time, on one line.

    Args:
        usage: rows as `Cascade` gives them, one for each tier, round and role.
        seconds: how long it took.
    """
    tiers = dict.fromkeys(row["tier"] for row in sorted(usage, key=lambda row: row["round"]))
    parts = [_tier(tier, [row for row in usage if row["tier"] == tier]) for tier in tiers]
    return f"used: {'; '.join([*parts, f'money {format_cost(usage)}'])}; {seconds:.1f} s"


def _tier(name: str, rows: Sequence["UsageRow"]) -> str:
    total = Usage.from_rows(rows)
    parts = []
    if total.calls:
        parts.append(plural(total.calls, "call"))
        if total.cancelled:
            parts.append(f"{total.cancelled} stopped early")
        parts.append(f"{_count(total.prompt_tokens)} tokens in")
        parts.append(f"{_count(total.completion_tokens)} out")
    if total.hits:
        parts.append(f"{total.hits} from the cache")
    return f"{name} {', '.join(parts) or 'nothing'}"


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
