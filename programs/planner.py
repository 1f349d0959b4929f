"""The planner: it makes a short plan for a question, with a model or without one."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy

from ..signatures.plans.base import ATTEMPTS, PlanRequest
from .demos import usable_demos
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .module import ProgramPart
from .plan_kinds import PLAN_KINDS
from .predict_call import acall_predict
from .prompt_inputs import prompt_inputs

NO_ATTEMPTS = "none so far"  # shown to a planner that sees attempts before there are any


class Planner(ProgramPart):
    """Makes one plan of a kind, such as `goal`, in DSPy's current context.

    Args:
        kind: what the plan says, a name in `PLAN_KINDS`.
        round_number: the round it plans for, which its instructions depend on.
        domain: the kind of questions; those with a short answer when None.

    Attributes:
        kind: the kind of plan.
        predict: the prompt; None for a kind that has none of its own.

    Raises:
        CopeError: when there are no such plans for these questions.
    """

    predict: dspy.Predict | None

    def __init__(self, kind: str, round_number: int = 1, domain: Domain | None = None) -> None:
        super().__init__()
        self.kind = PLAN_KINDS.by_name(kind)
        domain = domain or DOMAINS[DEFAULT_DOMAIN]
        self.kind.check_domain(domain.name)
        self.predict = None
        self._own_text = ""
        if self.kind.has_prompt:
            signature = domain.plan_signature(self.kind, round_number)
            self.predict = dspy.Predict(signature)
            self._own_text = signature.instructions

    async def aforward(
        self,
        question: str,
        config: dict[str, Any] | None = None,
        nearest: Sequence[Any] = (),
        attempts: str = "",
        **inputs: Any,
    ) -> dspy.Prediction:
        """Write a plan with a model.

        Args:
            question: the question.
            config: settings of the call.
            nearest: demonstrations selected for the question.
            attempts: what the samples of the round before said.
            inputs: the question's other inputs; those of a signature of the user's own take the
                place of the question.
        """
        assert self.predict is not None
        shown = prompt_inputs(question, inputs, self.predict.signature)
        if self.kind.needs_attempts:
            shown[ATTEMPTS] = attempts or NO_ATTEMPTS
        demos = usable_demos(self.predict, nearest)
        made = await acall_predict(self.predict, shown, config or {}, demos)
        return dspy.Prediction(plan=str(made[self.kind.name]).strip())

    def make(self, inputs: Mapping[str, Any], nearest: Sequence[Any] = ()) -> str:
        """Return a plan that needs no model; empty when there is none.

        Args:
            inputs: the question and its other inputs.
            nearest: demonstrations selected for the question.
        """
        assert self.kind.make is not None
        text, examples = "", [dict(demo) for demo in nearest]
        if self.predict is not None:
            signature: Any = self.predict.signature  # DSPy types it as an instance; it is a class
            if signature.instructions != self._own_text:
                text = signature.instructions
            examples = [*(dict(demo) for demo in self.predict.demos), *examples]
        return self.kind.make(PlanRequest(inputs["question"], inputs, text, examples)).strip()
