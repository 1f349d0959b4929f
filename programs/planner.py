"""The planner: a short plan from the question alone."""

from collections.abc import Sequence
from typing import Any

import dspy

from ..signatures import PlanKind
from .demos import shown
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS


class Planner(dspy.Module):
    """Writes one plan of a kind, `goal` or `guideline`, in DSPy's current context.

    Args:
        kind: what the plan says.
        round_number: the round it plans for, which its instructions depend on.
        domain: the kind of questions; those with a short answer when None.
    """

    def __init__(self, kind: PlanKind, round_number: int = 1, domain: Domain | None = None) -> None:
        super().__init__()
        self.kind = kind
        self.predict = dspy.Predict(
            (domain or DOMAINS[DEFAULT_DOMAIN]).plan_signature(kind, round_number)
        )

    async def aforward(
        self, question: str, config: dict[str, Any] | None = None, nearest: Sequence[Any] = ()
    ) -> dspy.Prediction:
        """Plan; `nearest` are demonstrations chosen for the question, beside those of the predictor."""
        demos = shown(self.predict, nearest)
        made = await self.predict.acall(
            question=question, config=config or {}, demos=demos, lm=dspy.settings.lm
        )
        return dspy.Prediction(plan=str(made[self.kind]).strip())
