"""Define the signature of a program of thought: a program whose result is the answer."""

from collections.abc import Mapping

import dspy

from .plans.base import PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

ENTRY_POINT = "solution"
"""The function that a program of thought defines."""


class ComputeAnswer(dspy.Signature):
    """Solve the question with Python. Reply with one code block that defines the function solution(), without parameters: it computes every step in a variable of its own and returns the final result."""  # noqa: E501

    question: str = dspy.InputField()
    program: str = dspy.OutputField(desc="the function solution(), in Python")


def thought_program_signature(
    plans: Mapping[str, PlanKind], round_number: int
) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round that computes: `question, PLAN... -> program`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(thought_program_signature({}, 1).fields)
    ['question', 'program']
    """
    signature, plan_note = insert_plan_inputs(ComputeAnswer, plans, "short-answer")
    retry_note = "Earlier attempts did not agree, so check each step"
    return with_round_instructions(signature, plan_note, round_number, retry_note)
