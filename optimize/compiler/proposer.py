"""The model that writes instructions and reflects on failures: by default that of the last tier."""

from dataclasses import replace
from typing import Any

import dspy

from ...errors import first_line
from ...models import Price, Team
from ...models.engines.base import LocalEngine
from ...models.engines.registry import is_local
from ...models.lm import TierLM
from ...programs.options import TeamOptions

PROPOSER_TIER = "proposer"
"""The tier under which the meter books the proposer's calls, apart from those of the program."""

CONTEXT_TOKENS = 8192
"""Context of a local proposer: its requests hold questions, replies and feedback."""


def make_proposer(
    team: Team,
    model: str | dspy.LM | LocalEngine | None = None,
    price: Price | None = None,
) -> TierLM:
    """Return a language model for proposals, metered apart from the tiers.

    Args:
        team: the team; the model of its second tier is the default.
        model: a tier's name, a model as for `Team`, an engine, or a `dspy.LM`.
        price: the price; None takes that of a tier with the same model.
    """
    proposer = _make_lm(team, model)
    if price:
        proposer.runtime = replace(proposer.runtime, price=price)
    return proposer


def split_proposer_price(options: TeamOptions) -> tuple[dict[str, Price], Price | None]:
    """Return the prices of the tiers, and the price of the proposer.

    The proposer is no tier, unless the user names a tier so.

    Args:
        options: the options of the team.

    >>> prices, price = split_proposer_price(TeamOptions(prices={"proposer": Price(1, 2)}))
    >>> prices, price.output_per_million
    ({}, 2)
    """
    prices = dict(options.prices)
    if PROPOSER_TIER in options.tiers:
        return prices, None
    proposer_price = prices.pop(PROPOSER_TIER, None)
    return prices, proposer_price


def _make_lm(team: Team, model: str | dspy.LM | LocalEngine | None) -> TierLM:
    if isinstance(model, TierLM):
        return model.copy(tier=PROPOSER_TIER)
    if isinstance(model, dspy.LM):
        settings: dict[str, Any] = model.kwargs | {"cache": False}
        return TierLM(model.model, tier=PROPOSER_TIER, **settings)
    if model is None:
        model = list(team.tiers)[1]
    if isinstance(model, LocalEngine) or model not in team.tiers:
        same_model = [tier for tier in team.tiers.values() if tier.model == model]
    else:
        same_model = [team.tiers[model]]
        model = team.tiers[model].model
    price = None
    for tier in same_model:
        price = price or tier.lm.runtime.price
    local = is_local(model)
    for tier in same_model:
        engine = getattr(tier.lm, "engine", None)
        # Take over an engine object of the user, which has no model name, and one with a context
        # that is long enough, so that the weights are loaded once.
        if isinstance(engine, LocalEngine) and (
            not local or (engine.context or 0) >= CONTEXT_TOKENS
        ):
            model = engine
            break
    proposer = Team(
        small=model,
        context=CONTEXT_TOKENS,
        max_tokens=400 if local else 1024,
        limits={"small": 2},
        prices={"small": price} if price else None,
        cache=False,
        timeout=team.timeout,
        weights_dir=team.weights_dir,
    )["small"].lm
    proposer.tier = PROPOSER_TIER
    return proposer


class ProposalStats:
    """Counts of the requests to the proposer.

    Attributes:
        num_requests: requests that ended, with or without a reply.
        num_failed: requests without a reply.
        num_unused: replies that were dropped, because they were no instruction but, for example, a
            program or a remark.
        last_failure: the model of the last failed request, and the error as one line.
    """

    def __init__(self) -> None:
        self.num_requests = self.num_failed = self.num_unused = 0
        self.last_failure = ("", "")

    def record_failure(self, model: str, error: Exception) -> None:
        """Record a failed request; the optimizer continues without its reply."""
        self.num_failed += 1
        self.last_failure = model, first_line(error)

    @property
    def all_failed(self) -> bool:
        """Whether there were requests and all of them failed."""
        return 0 < self.num_failed == self.num_requests

    @property
    def summary(self) -> str | None:
        """One line on the lost proposals; None when none was lost.

        >>> stats = ProposalStats()
        >>> stats.num_requests, stats.num_unused = 5, 2
        >>> print(stats.summary)
        2 proposals were no instruction and left out: a stronger --reflection-lm may do better
        """
        parts = []
        if self.num_failed:
            parts.append(
                f"{self.num_failed} of {self.num_requests} requests to the proposer failed: "
                f"{self.last_failure[1]}"
            )
        if self.num_unused:
            parts.append(
                f"{self.num_unused} proposals were no instruction and left out: a stronger "
                "--reflection-lm may do better"
            )
        return "; ".join(parts) or None
