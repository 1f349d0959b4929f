"""Apply the user's prices to the calls of a run, as a replay does for a recording."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ...errors import CopeError
from ...eval.run.store import QuestionResult
from ...models.prices import Price
from ...models.usage_row import UsageRow


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


def reprice(records: Sequence[QuestionResult], prices: Mapping[str, Price]) -> list[QuestionResult]:
    """Return records in which the calls of the tiers in `prices` have those prices.

    A reply from the cache costs nothing.
    """
    if not prices:
        return list(records)
    return [_reprice_record(record, prices) for record in records]


def _reprice_record(record: QuestionResult, prices: Mapping[str, Price]) -> QuestionResult:
    usage: list[UsageRow] = []
    for row in record.usage:
        price = prices.get(row["tier"])
        usage.append(row if price is None else _reprice_row(row, price))
    if any(row["unpriced"] for row in usage):
        return replace(record, usage=usage, usd=None)
    return replace(record, usage=usage, usd=sum(row["usd"] or 0.0 for row in usage))


def _reprice_row(row: UsageRow, price: Price) -> UsageRow:
    """Return a row with the cost by a price; unknown if the price needs an unknown count."""
    tokens = [row["prompt_tokens"], row["completion_tokens"], row.get("cached_tokens", 0)]
    seconds = row["machine_seconds"]
    repriced = row.copy()
    if (price.is_per_token and None in tokens) or (price.per_hour and seconds is None):
        repriced["usd"] = None
        repriced["unpriced"] = row["calls"]
        return repriced
    prompt, completion, cached = [int(count or 0) for count in tokens]
    repriced["usd"] = price.cost(prompt, completion, cached, float(seconds or 0))
    repriced["unpriced"] = 0
    return repriced
