"""Check and describe the prices of a report's tiers."""

from collections.abc import Collection, Iterable, Mapping

from ...errors import CopeError
from ...eval.run.prices import stored_prices
from ...eval.run.store import StoredRun
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


def price_facts(runs: Iterable[StoredRun], prices: Mapping[str, Price] | None) -> dict[str, str]:
    """Return the prices that the costs of a report follow, as facts of its head.

    Args:
        runs: the runs of the report.
        prices: the user's prices by tier.
    """
    used: dict[str, Price] = {}
    for run in runs:
        used |= stored_prices(run.metadata)
    used |= dict(prices or {})
    return {f"price of {tier}": price.text for tier, price in used.items()}
