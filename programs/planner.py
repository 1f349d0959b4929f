"""The planner: a short plan from the question alone."""

from collections.abc import Sequence
from typing import Any

import dspy

from .demos import usable_demos
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .plan_kinds import PLAN_KINDS
from .task_signature import prompt_inputs


class Planner(dspy.Module):
    """Writes one plan of a kind, such as `goal`, in DSPy's current context.

    Args:
        kind: what the plan says, a name in `PLAN_KINDS`.
        round_number: the round it plans for, which its instructions depend on.
        domain: the kind of questions; those with a short answer when None.
    """

    def __init__(self, kind: str, round_number: int = 1, domain: Domain | None = None) -> None:
        super().__init__()
        self.kind = kind
        self.predict = dspy.Predict(
            (domain or DOMAINS[DEFAULT_DOMAIN]).plan_signature(
                PLAN_KINDS.by_name(kind), round_number
            )
        )

    async def aforward(
        self,
        question: str,
        config: dict[str, Any] | None = None,
        nearest: Sequence[Any] = (),
        **inputs: Any,
    ) -> dspy.Prediction:
        """Write a plan.

        Args:
            question: the question.
            config: settings of the call.
            nearest: demonstrations selected for the question.
            inputs: the question's other inputs; those of a signature of the user's own take the
                place of the question.
        """
        demos = usable_demos(self.predict, nearest)
        shown = prompt_inputs(question, inputs)
        made = await self.predict.acall(
            **shown, config=config or {}, demos=demos, lm=dspy.settings.lm
        )
        return dspy.Prediction(plan=str(made[self.kind]).strip())
