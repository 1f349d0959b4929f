"""The reasoner: it solves a question with the plans that its round sees."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import dspy

from ..answers.reply.reader import holds_marked_answer, is_refusal_reply
from ..sandbox import Sandbox, open_sandbox
from .demos import usable_demos
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .module import ProgramPart
from .plan_kinds import PLAN_KINDS
from .predict_call import acall_predict, prediction_of
from .prompt_inputs import prompt_inputs
from .thought_program import run_thought


class Reasoner(ProgramPart):
    """Solves a question in DSPy's current context and reads the answer from what the model wrote.

    Args:
        plans: the plan fields it sees, name to kind, in order.
        round_number: the round it solves in, which its instructions depend on.
        domain: the kind of questions; those with a short answer when None.
        sandbox: opens the sandbox in which programs of thought run.
    """

    def __init__(
        self,
        plans: Mapping[str, str] | None = None,
        round_number: int = 1,
        domain: Domain | None = None,
        sandbox: Callable[[], Sandbox] = open_sandbox,
    ) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._domain = domain or DOMAINS[DEFAULT_DOMAIN]
        self._answers = self._domain.answers
        self._round_number = round_number
        self._kinds = {field: PLAN_KINDS.by_name(kind) for field, kind in (plans or {}).items()}
        self.predict = dspy.Predict(self._domain.reason_signature(self._kinds, round_number))

    async def aforward(
        self,
        question: str,
        plans: Mapping[str, str],
        config: dict[str, Any] | None = None,
        nearest: Sequence[Any] = (),
        **inputs: Any,
    ) -> dspy.Prediction:
        """Solve a question.

        Args:
            question: the question.
            plans: what each plan field shows. The prompt has no field for a plan that is missing.
            config: settings of the call.
            nearest: demonstrations chosen for the question, in addition to the predictor's.
            inputs: the question's other inputs, which parse the answer and are not in the prompt;
                those of a signature of the user's own take the place of the question.

        Returns:
            A prediction with `reasoning`, `answer` (None when none could be read), `marked`
            (whether the reply marks its answer) and `refused`.
        """
        demos = usable_demos(self.predict, nearest)
        shown = prompt_inputs(question, inputs, self.predict.signature)
        shown.update(plans)
        missing = [field for field in self._kinds if field not in plans]
        signature = self.signature_without(missing) if missing else None
        prediction = await acall_predict(self.predict, shown, config or {}, demos, signature)
        if self._domain.program_field:
            return await self._compute(str(prediction.get(self._domain.program_field) or ""))
        answer = self._domain.parse_answer(
            prediction, {"question": question, **inputs}, self._answers
        )
        written = str(prediction.get(self._domain.answer_field) or "")
        reasoning = prediction.get("reasoning") or ""
        lines = self._domain.answers_are_lines
        if answer is None and lines and "reasoning" not in prediction:
            reasoning = written  # the record shows what could not be read
        # A field of its own marks an answer; else the whole reply is in both fields.
        marked = not lines or written != reasoning or holds_marked_answer(written)
        refused = lines and answer is None and is_refusal_reply(written)
        return prediction_of(
            {"reasoning": reasoning, "answer": answer, "marked": marked, "refused": refused}
        )

    async def _compute(self, reply: str) -> dspy.Prediction:
        """Return the result of a program of thought as the answer, and the program as reasoning."""
        thought = await run_thought(reply, self._answers, self._sandbox)
        # A program that was cut off lacks its last steps, so that its result is not the answer.
        return prediction_of(
            {
                "reasoning": reply if thought.program is None else thought.program,
                "answer": thought.answer,
                "marked": False,
                "refused": thought.program is None and is_refusal_reply(reply),
            }
        )

    async def begin(
        self, question: str, config: dict[str, Any] | None = None, **inputs: Any
    ) -> str:
        """Return what the model in DSPy's context writes without any plan, as it is.

        Args:
            question: the question.
            config: settings of the call, which cut the reply.
            inputs: the question's other inputs.
        """
        signature = self.signature_without(list(self._kinds))
        prediction = await self.predict.acall(
            **prompt_inputs(question, inputs, signature),
            signature=signature,
            config=config or {},
            demos=usable_demos(self.predict),
            lm=dspy.settings.lm,
        )
        return str(prediction[self._domain.answer_field])

    def signature_without(self, missing: Collection[str]) -> type[dspy.Signature]:
        """Return the prompt's signature without some plans.

        The package's own instructions are then those of a round that sees the other plans. Other
        instructions, a preset's or a compile's, stay.

        Args:
            missing: the plan fields that are left out.
        """
        signature: Any = self.predict.signature  # DSPy types it as an instance; it is a class
        own = self._domain.reason_signature(self._kinds, self._round_number).instructions
        if signature.instructions == own:
            others = {name: kind for name, kind in self._kinds.items() if name not in missing}
            bare = self._domain.reason_signature(others, self._round_number)
            signature = signature.with_instructions(bare.instructions)
        for field in missing:
            signature = signature.delete(field)
        return signature
