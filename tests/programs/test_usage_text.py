"""The usage of calls as text: unknown money is never nothing, and cached calls are named."""

from cope.programs.usage_text import format_cost, format_usage
from cope.util.text import format_usd


def test_money_is_unknown_or_at_least_but_never_nothing() -> None:
    rows = [
        {"tier": "small", "usd": None, "unpriced": 2},
        {"tier": "large", "usd": 0.00042, "unpriced": 0},
    ]
    assert format_cost(rows) == "at least $0.00042 (small unknown)"
    assert format_cost(rows[:1]) == "unknown" and format_cost(rows[1:]) == "$0.00042"
    assert [format_usd(usd) for usd in (0, 0.000001, 0.0999, 0.1, 12.5)] == [
        "$0",
        "$0.0000010",
        "$0.100",
        "$0.10",
        "$12.50",
    ]


def test_the_line_says_what_came_from_the_cache_and_what_was_stopped() -> None:
    row = {
        "tier": "small",
        "round": 1,
        "role": "reason",
        "calls": 3,
        "hits": 0,
        "cancelled": 1,
        "prompt_tokens": 1200,
        "completion_tokens": 3,
        "cached_tokens": 0,
        "usd": 0.01,
        "unpriced": 1,
        "seconds": 1.0,
        "machine_seconds": 1.0,
        "usd_low": 0.015,
        "usd_high": 0.02,
        "unreported_prompt": 0,
        "unreported_completion": 50,
    }
    asked = "used: small 3 calls, 1 stopped early, 1,200 tokens in, 3 out; "
    money = "money between $0.015 and $0.020"
    assert format_usage([row], 1.25) == f"{asked}{money}; 1.2 s"
    hit = row | {"calls": 7, "hits": 7, "cancelled": 0, "usd_low": 0.5, "usd_high": 0.5}
    cached = "used: small 7 calls, 7 from the cache, 1,200 tokens in, 3 out; "
    assert format_usage([hit], 1.25) == f"{cached}money $0 now, $0.50 without the cache; 1.2 s"
