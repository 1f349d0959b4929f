"""Define signatures for questions with a short final answer: mathematics, or any one-line answer.

The question comes first and plans after it: samples of one question share a prefix, which the
engines cache.
"""

from collections.abc import Mapping

import dspy

from .plans.base import PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

_DOMAIN = "short-answer"


class SolveShortAnswer(dspy.Signature):
    """Solve the question in short steps, one line for each."""

    question: str = dspy.InputField()
    reasoning: str = dspy.OutputField(desc="the steps that lead to the answer")
    answer: str = dspy.OutputField(desc="the final result alone")


def plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """Return the planner's signature of a round, such as `question -> goal`.

    Raises:
        CopeError: when there are no such plans for these questions.
    """
    retry_note = "Earlier attempts at it did not agree"
    return with_round_instructions(kind.signature(_DOMAIN), "", round_number, retry_note)


def reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round: `question, PLAN... -> reasoning, answer`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> from cope.signatures.plans.goal import GOAL
    >>> list(reason_signature({"goal": GOAL}, 1).input_fields)
    ['question', 'goal']
    """
    signature, plan_note = insert_plan_inputs(SolveShortAnswer, plans, _DOMAIN)
    retry_note = "Earlier attempts did not agree, so check each step"
    return with_round_instructions(signature, plan_note, round_number, retry_note)
