"""The model that proposes instructions and reflects on failures: the user's choice, by default the large tier's."""

from dataclasses import replace
from typing import Any

import dspy

from ...models import Price, Team
from ...models.engines.base import LocalEngine
from ...models.engines.registry import is_local
from ...models.lm import TierLM

TIER = "proposer"
"""The name under which the meter books its calls: what compiling costs beside what is compiled."""

CONTEXT = 8192
"""Tokens of a local proposer's requests: they hold questions, replies and feedback, which need more room than a question."""


def make_proposer(
    team: Team, wanted: Any = None, max_tokens: int | None = None, price: Price | None = None
) -> TierLM:
    """A language model for proposals, booked apart from the tiers.

    Args:
        team: whose large tier is the default.
        wanted: a tier's name, a model as for `Team`, an engine, or a `dspy.LM`.
        max_tokens: most tokens of a proposal; 400 of a local model, 1024 of others.
        price: the user's; None is that of the tier with the same model, where there is one.
    """
    made = _model(team, wanted, max_tokens)
    if price:
        made.runtime = replace(made.runtime, price=price)
    return made


def _model(team: Team, wanted: Any, max_tokens: int | None) -> TierLM:
    if isinstance(wanted, TierLM):
        return wanted.copy(tier=TIER)
    if isinstance(wanted, dspy.LM):
        return TierLM(wanted.model, tier=TIER, **{**wanted.kwargs, "cache": False})
    tier = (
        team.tiers.get("large" if wanted is None else wanted)
        if not isinstance(wanted, LocalEngine)
        else None
    )
    model: Any = wanted if tier is None else tier.model
    same = [tier] if tier else [other for other in team.tiers.values() if other.model == model]
    price = next((other.lm.runtime.price for other in same if other.lm.runtime.price), None)
    local = is_local(model)
    for engine in (getattr(other.lm, "engine", None) for other in same):
        # The user's own object, which no name leads to; or one with room enough, so that the weights are loaded once.
        if isinstance(engine, LocalEngine) and (not local or (engine.context or 0) >= CONTEXT):
            model = engine
            break
    made = Team(
        small=model,
        context=CONTEXT,
        max_tokens=max_tokens or (400 if local else 1024),
        limits={"small": 2},
        prices={"small": price} if price else None,
        cache=False,
        weights_dir=team.weights_dir,
    )["small"].lm
    made.tier = TIER
    return made
