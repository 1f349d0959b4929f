"""Define signatures for questions whose answer is a Python program. Plans follow the question."""

from collections.abc import Mapping

import dspy

from .plans.base import PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

_DOMAIN = "code"


class WriteProgram(dspy.Signature):
    """Solve the task in Python. Reply with one code block that has the whole program, with all imports and functions, and without tests."""  # noqa: E501

    question: str = dspy.InputField()
    program: str = dspy.OutputField(desc="the whole program, in Python")


def code_plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """Return the planner's signature of a round, such as `question -> goal`.

    Raises:
        CopeError: when there are no such plans for these questions.
    """
    retry_note = "Earlier programs for it failed their tests"
    return with_round_instructions(kind.signature(_DOMAIN), "", round_number, retry_note)


def code_reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round: `question, PLAN... -> program`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> from cope.signatures.plans.goal import GOAL
    >>> list(code_reason_signature({"goal": GOAL}, 1).input_fields)
    ['question', 'goal']
    """
    signature, plan_note = insert_plan_inputs(WriteProgram, plans, _DOMAIN)
    retry_note = "Earlier programs failed their tests, so look at the details"
    return with_round_instructions(signature, plan_note, round_number, retry_note)
