"""The model that proposes instructions and reflects on failures: the user's choice, by default the large tier's."""

from dataclasses import replace
from typing import Any

import dspy

from ...errors import first_line
from ...models import Price, Team
from ...models.engines.base import LocalEngine
from ...models.engines.registry import is_local
from ...models.lm import TierLM

PROPOSER_TIER = "proposer"
"""The name under which the meter books its calls: what compiling costs beside what is compiled."""

CONTEXT_TOKENS = 8192
"""Tokens of a local proposer's requests: they hold questions, replies and feedback, which need more room than a question."""


def make_proposer(
    team: Team, wanted: Any = None, max_tokens: int | None = None, price: Price | None = None
) -> TierLM:
    """A language model for proposals, booked apart from the tiers.

    Args:
        team: whose second tier is the default.
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
        return wanted.copy(tier=PROPOSER_TIER)
    if isinstance(wanted, dspy.LM):
        return TierLM(wanted.model, tier=PROPOSER_TIER, **{**wanted.kwargs, "cache": False})
    tier = (
        team.tiers.get(list(team.tiers)[1] if wanted is None else wanted)
        if not isinstance(wanted, LocalEngine)
        else None
    )
    model: Any = wanted if tier is None else tier.model
    same = [tier] if tier else [other for other in team.tiers.values() if other.model == model]
    price = next((other.lm.runtime.price for other in same if other.lm.runtime.price), None)
    local = is_local(model)
    for engine in (getattr(other.lm, "engine", None) for other in same):
        # The user's own object, which no name leads to; or one with room enough, so that the weights are loaded once.
        if isinstance(engine, LocalEngine) and (
            not local or (engine.context or 0) >= CONTEXT_TOKENS
        ):
            model = engine
            break
    made = Team(
        small=model,
        context=CONTEXT_TOKENS,
        max_tokens=max_tokens or (400 if local else 1024),
        limits={"small": 2},
        prices={"small": price} if price else None,
        cache=False,
        weights_dir=team.weights_dir,
    )["small"].lm
    made.tier = PROPOSER_TIER
    return made


class ProposalStats:
    """The requests to the proposer.

    Attributes:
        num_requests: those that ended, with a reply or without.
        num_failed: those without.
        num_unused: replies that were no instruction, such as a program or a remark, and were left out.
        last_failure: the model of the last one that failed, and what it failed on, in a line.
    """

    def __init__(self) -> None:
        self.num_requests = self.num_failed = self.num_unused = 0
        self.last_failure = ("", "")

    def record_failure(self, model: str, error: Exception) -> None:
        """A request failed; optimizers go on without its reply."""
        self.num_failed += 1
        self.last_failure = model, first_line(error)

    @property
    def all_failed(self) -> bool:
        """Whether something was asked for, and nothing came."""
        return 0 < self.num_failed == self.num_requests

    @property
    def summary(self) -> str | None:
        """What was lost, in a line; None when nothing was.

        >>> proposed = ProposalStats()
        >>> proposed.num_requests, proposed.num_unused = 5, 2
        >>> proposed.summary
        '2 proposals were no instruction and left out: a stronger --reflection-lm may do better'
        """
        said = []
        if self.num_failed:
            said.append(
                f"{self.num_failed} of {self.num_requests} requests to the proposer failed: {self.last_failure[1]}"
            )
        if self.num_unused:
            said.append(
                f"{self.num_unused} proposals were no instruction and left out: a stronger --reflection-lm may do better"
            )
        return "; ".join(said) or None
