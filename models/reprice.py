"""Apply prices to the tokens and the time of calls that are finished."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, cast

from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ..util.json_types import JsonObject
from ..util.validate import check_type
from .prices import Price
from .usage_row import Amount, UsageRow
from .usage_rows import current_rows


class _PriceRecord(TypedDict):
    """A price in a file, see `Price`."""

    input_per_million: Amount
    output_per_million: Amount
    cached_per_million: Amount | None
    per_hour: Amount


_RESULT_FIELDS = ("usd", "usd_low", "usd_high", "unpriced")


def reprice_rows(rows: Iterable[UsageRow], prices: Mapping[str, Price]) -> list[UsageRow]:
    """Return rows in which the calls of the tiers in `prices` have those prices."""
    repriced: list[UsageRow] = []
    for row in rows:
        price = prices.get(row["tier"])
        if price is None:
            repriced.append(row)
        else:
            repriced += _reprice(row, price)
    return repriced


def _reprice(row: UsageRow, price: Price) -> list[UsageRow]:
    """Return a row by a price; its cost is unknown if the price needs an unknown count.

    A row of an earlier version becomes two if a cache answered some of its calls.
    """
    # Earlier versions did not keep what a stopped call without a price may have used.
    is_open = "usd_low" not in row and row["cancelled"] > 0 and row["unpriced"] > 0
    return [_with_price(one, price, is_open) for one in current_rows([row])]


def _with_price(row: JsonObject, price: Price, is_open: bool) -> UsageRow:
    tokens = [row["prompt_tokens"], row["completion_tokens"], row.get("cached_tokens", 0)]
    seconds = row["machine_seconds"]
    repriced = dict(row)
    if (price.is_per_token and None in tokens) or (price.per_hour and seconds is None):
        values = (None, 0.0, None, row["calls"])
        repriced.update(zip(_RESULT_FIELDS, values, strict=True))
        return cast(UsageRow, repriced)
    more = (None, None) if is_open else (row["unreported_prompt"], row["unreported_completion"])
    prompt, completion, cached = [int(count or 0) for count in tokens]
    cost = price.bounds(prompt, completion, cached, float(seconds or 0), *more)
    if cost.exact is None:
        values = (cost.low or None, cost.low, cost.high, row["cancelled"])
    else:
        values = (cost.exact, cost.exact, cost.exact, 0)
    repriced.update(zip(_RESULT_FIELDS, values, strict=True))
    return cast(UsageRow, repriced)


def prices_to_json(prices: Mapping[str, Price]) -> dict[str, JsonObject]:
    """Return prices by tier as plain data."""
    return {tier: asdict(price) for tier, price in prices.items()}


def prices_from_json(document: Any) -> dict[str, Price]:
    """Return the prices of `prices_to_json`.

    Raises:
        ValueError: with the path of the first wrong value.
    """
    check_type(dict[str, _PriceRecord], document)
    prices: dict[str, Price] = {}
    for tier, record in document.items():
        prices[tier] = Price(**{name: record[name] for name in _PriceRecord.__annotations__})
    return prices


def describe_prices(prices: Mapping[str, Price]) -> str:
    """Return prices as a line for tables.

    >>> describe_prices({"small": Price(per_hour=0.4), "large": Price(1, 2)})
    'prices: small $0.4 per hour; large $1 / $2 per million tokens'
    """
    parts = [f"{tier} {price.text}" for tier, price in prices.items()]
    return f"prices: {'; '.join(parts)}"
