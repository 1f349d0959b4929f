"""What the signatures of all kinds of questions share: plans among the inputs, and instructions that differ by round."""

from collections.abc import Mapping
from typing import Literal

import dspy

PlanKind = Literal["goal", "guideline"]

_USE: dict[PlanKind, str] = {"goal": "keep to the goal", "guideline": "follow the guideline"}


def plan_inputs(
    signature: type[dspy.Signature],
    plans: Mapping[str, PlanKind],
    described: Mapping[PlanKind, str],
) -> tuple[type[dspy.Signature], str]:
    """The signature with the plans after its question, and the words that say to use them.

    Args:
        signature: one whose first input is the question.
        plans: the plan fields, name to kind, in order.
        described: what each kind of plan says.
    """
    for position, (name, kind) in enumerate(plans.items(), 1):
        signature = signature.insert(position, name, dspy.InputField(desc=described[kind]), str)
    use = " and ".join(_USE[kind] for kind in dict.fromkeys(plans.values()))
    return signature, f"{use.capitalize()}." if use else ""


def for_round(
    signature: type[dspy.Signature], use: str, round_number: int, again: str
) -> type[dspy.Signature]:
    """The signature with a round's own instructions: optimizers tell predictors apart by them.

    Args:
        signature: the first round's.
        use: more instructions, in every round.
        round_number: 1 for the first round.
        again: what a later round is told of the earlier ones.
    """
    attempt = {1: "", 2: f"{again}."}.get(round_number, f"{again} (attempt {round_number}).")
    return signature.with_instructions(
        " ".join(filter(None, (signature.instructions, use, attempt)))
    )
