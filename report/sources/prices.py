"""Check the prices that the user gives for the tiers of a report."""

from collections.abc import Collection, Mapping

from ...errors import CopeError
from ...models.prices import Price


def check_priced_tiers(prices: Mapping[str, Price], tiers: Collection[str], source: str) -> None:
    """Raise an error if a tier with a price does not exist.

    Args:
        prices: the user's prices by tier.
        tiers: the tiers of the source.
        source: its name, for the message.

    Raises:
        CopeError: for the first such tier.
    """
    for tier in prices:
        if tier not in tiers:
            raise CopeError(f"{source} has no tier {tier!r} to price: it has {', '.join(tiers)}")
