"""Define the signatures of planners and reasoners for a signature of the user's own."""

from collections.abc import Mapping
from typing import Any

import dspy

from .plans.base import ATTEMPTS, PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

_DOMAIN = "short-answer"


def task_plan_signature(
    task: type[dspy.Signature], kind: PlanKind, round_number: int
) -> type[dspy.Signature]:
    """Return the planner's signature of a round: the task's inputs, and the plan.

    Args:
        task: the user's signature.
        kind: the kind of plan.
        round_number: 1 for the first round.
    """
    signature = kind.signature(_DOMAIN)
    for name in list(signature.input_fields):
        if name != ATTEMPTS:
            signature = signature.delete(name)
    for position, (name, field) in enumerate(task.input_fields.items()):
        annotation: Any = field.annotation
        signature = signature.insert(position, name, field, annotation)
    signature = signature.with_instructions(f"Task: {task.instructions}\n{signature.instructions}")
    return with_round_instructions(signature, "", round_number, "Earlier attempts did not agree")


def task_reason_signature(
    task: type[dspy.Signature], plans: Mapping[str, PlanKind], round_number: int
) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round: the task's inputs and plans, then its outputs.

    Args:
        task: the user's signature. A first output `reasoning` is added to one that has none.
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(task_reason_signature(dspy.Signature("text, tone -> team"), {}, 1).output_fields)
    ['reasoning', 'team']
    """
    signature = task
    if "reasoning" not in signature.output_fields:
        steps = dspy.OutputField(desc="the steps that lead to the answer")
        signature = signature.prepend("reasoning", steps, str)
    signature, plan_note = insert_plan_inputs(signature, plans, _DOMAIN)
    retry_note = "Earlier attempts did not agree, so check each step"
    return with_round_instructions(signature, plan_note, round_number, retry_note)
