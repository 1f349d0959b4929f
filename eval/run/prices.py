"""The prices of a run: all its results are priced by the latest ones, whatever they cost then."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...errors import CopeError
from ...models import Team
from ...models.prices import Price
from ...models.reprice import prices_from_json, reprice_rows
from ...models.usage import Usage
from ...programs import System
from .store import QuestionResult, StoredRun

PRICES_KEY = "prices"
"""The key of the prices in a run's metadata. They are no settings: other prices, same folder."""


def stored_prices(metadata: Mapping[str, Any]) -> dict[str, Price]:
    """Return the prices by tier with which a run was made; empty for an earlier version's run.

    Raises:
        CopeError: if they are damaged.
    """
    try:
        return prices_from_json(metadata.get(PRICES_KEY) or {})
    except ValueError as error:
        raise CopeError(
            f"the prices in the run's run.json are damaged ({error}): take {PRICES_KEY!r} out of it"
        ) from None


def prices_of(system: System) -> dict[str, Price]:
    """Return the user's prices by tier, as far as the system shows its team."""
    team = getattr(system, "team", None)
    return team.prices if isinstance(team, Team) else {}


def reprice_results(
    results: Iterable[QuestionResult], prices: Mapping[str, Price]
) -> list[QuestionResult]:
    """Return results in which the calls of the tiers in `prices` have those prices.

    No model is called: the costs follow from the tokens and seconds of the results.
    """
    if not prices:
        return list(results)
    return [_reprice(result, prices) for result in results]


def _reprice(result: QuestionResult, prices: Mapping[str, Price]) -> QuestionResult:
    usage = reprice_rows(result.usage, prices)
    total = Usage.from_rows(usage)
    usd = total.cost.exact
    if not usage:
        usd = result.usd
    return replace(result, usage=usage, usd=usd)


def priced_results(
    run: StoredRun, prices: Mapping[str, Price] | None = None
) -> dict[str, QuestionResult]:
    """Return the results of a stored run by key, priced by its prices and those of the user.

    Args:
        run: the run.
        prices: the user's prices by tier.

    Raises:
        CopeError: if the results or the prices are damaged.
    """
    used = stored_prices(run.metadata) | dict(prices or {})
    return dict(zip(run.results, reprice_results(run.results.values(), used), strict=True))
