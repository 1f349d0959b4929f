"""The order of a system's tiers, and its last tier."""

from collections.abc import Iterable, Sequence

SMALL, LARGE = "small", "large"
"""The tiers of the default team. No other code may assume that a last tier has this name."""


def tier_order(rounds: Iterable[tuple[str | None, str | None]]) -> tuple[str, ...]:
    """Return the tiers in the order in which rounds first use them; the last one is the last tier.

    Within a round the reasoner comes before the planner, because a planner that does not solve is
    the more capable model of the two.

    Args:
        rounds: the tiers of planner and reasoner of each round; None for a round without one.

    >>> tier_order([(None, "small"), ("mid", "small"), (None, "frontier")])
    ('small', 'mid', 'frontier')
    >>> tier_order([("large", "small")])
    ('small', 'large')
    """
    found: dict[str, None] = {}
    for planner, reasoner in rounds:
        for tier in (reasoner, planner):
            if tier:
                found.setdefault(tier)
    return tuple(found)


def last_tier_of(orders: Iterable[Sequence[str]]) -> str:
    """Return the last tier of several systems: that of the system with the most tiers.

    Of systems with equally many tiers the later one decides, unless it ends with the default team's
    first tier.

    Args:
        orders: the tiers of each system, the last tier last.

    >>> last_tier_of([("small",), ("small", "mid", "frontier"), ("mid",)])
    'frontier'
    >>> last_tier_of([("large",), ("small",)])
    'large'
    """
    longest: Sequence[str] = ()
    for order in orders:
        later = len(order) == len(longest) and order and order[-1] != SMALL
        if len(order) > len(longest) or later:
            longest = order
    return longest[-1] if longest else LARGE
