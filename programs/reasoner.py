"""The reasoner: a solution to the question, with the plans that its round shows it."""

from collections.abc import Mapping
from typing import Any

import dspy

from ..signatures import PlanKind, reason_signature
from .answers import read_answer


class Reasoner(dspy.Module):
    """Solves a question in DSPy's current context and reads the answer from what the model wrote.

    Args:
        plans: the plan fields it sees, name to kind, in order.
        round_number: the round it solves in, which its instructions depend on.
    """

    def __init__(self, plans: Mapping[str, PlanKind] | None = None, round_number: int = 1) -> None:
        super().__init__()
        self.predict = dspy.Predict(reason_signature(plans or {}, round_number))

    async def aforward(
        self, question: str, plans: Mapping[str, str], config: dict[str, Any] | None = None
    ) -> dspy.Prediction:
        made = await self.predict.acall(question=question, **plans, config=config or {})
        answer = read_answer(made.answer)
        if answer is None and made.reasoning != made.answer:
            answer = read_answer(made.reasoning)
        return dspy.Prediction(reasoning=made.reasoning, answer=answer)
