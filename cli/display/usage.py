"""What a question used, in words: calls and tokens by tier, money, seconds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def money(usd: float) -> str:
    """USD with two digits that count; cents of a cent matter here.

    >>> money(1.5), money(0.000123), money(0)
    ('$1.50', '$0.00012', '$0')
    """
    if usd <= 0:
        return "$0"
    return f"${usd:.{max(2, 1 - math.floor(math.log10(usd)))}f}"


def duration(seconds: float) -> str:
    """A duration in the unit that suits it.

    >>> duration(42), duration(600), duration(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def cost_in_words(usage: Sequence[Mapping[str, Any]]) -> str:
    """The cost of some calls; what is not known is said to be unknown, never counted as nothing.

    >>> cost_in_words([{"tier": "small", "usd": None, "unpriced": 3}, {"tier": "large", "usd": 0.02, "unpriced": 0}])
    'at least $0.020 (small unknown)'
    """
    known = sum(row["usd"] for row in usage if row["usd"] is not None)
    unknown = dict.fromkeys(row["tier"] for row in usage if row["unpriced"])
    if not unknown:
        return money(known)
    return f"at least {money(known)} ({', '.join(unknown)} unknown)" if known else "unknown"


def usage_in_words(usage: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """One line: by tier calls and tokens, then money and time.

    Args:
        usage: rows as `Cascade` gives them, one for each tier, round and role.
        seconds: how long it took.
    """
    tiers = dict.fromkeys(row["tier"] for row in sorted(usage, key=lambda row: row["round"]))
    parts = [_tier(tier, [row for row in usage if row["tier"] == tier]) for tier in tiers]
    return f"used: {'; '.join([*parts, f'money {cost_in_words(usage)}'])}; {seconds:.1f} s"


def _tier(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    def total(field: str) -> int:
        return sum(row[field] for row in rows)

    parts = []
    if made := total("calls"):
        stopped = f", {total('cancelled')} stopped early" if total("cancelled") else ""
        tokens = f"{total('prompt_tokens'):,} tokens in, {total('completion_tokens'):,} out"
        parts.append(f"{made} call{'s' * (made != 1)}{stopped}, {tokens}")
    if hits := total("hits"):
        parts.append(f"{hits} from the cache")
    return f"{name} {', '.join(parts) or 'nothing'}"
