"""Signatures for questions with a short final answer: mathematics, and anything whose answer is a line.

The question comes first and plans after it: samples of one question share a prefix, which the engines cache.
"""

from collections.abc import Mapping
from typing import Literal

import dspy

PlanKind = Literal["goal", "guideline"]


class GoalPlan(dspy.Signature):
    """State in one sentence what the question asks to find. Do not solve it."""

    question: str = dspy.InputField()
    goal: str = dspy.OutputField(desc="what has to be found, in one sentence")


class GuidelinePlan(dspy.Signature):
    """Give a strategy for the question in one or two sentences: the key ideas and their order, no calculation and no result."""

    question: str = dspy.InputField()
    guideline: str = dspy.OutputField(desc="the strategy, in one or two sentences")


class Reason(dspy.Signature):
    """Solve the question in short steps, one line for each."""

    question: str = dspy.InputField()
    reasoning: str = dspy.OutputField(desc="the steps that lead to the answer")
    answer: str = dspy.OutputField(desc="the final result alone")


_PLAN_SIGNATURES: dict[str, type[dspy.Signature]] = {"goal": GoalPlan, "guideline": GuidelinePlan}
_USE = {"goal": "Keep to the goal", "guideline": "Follow the guideline"}


def _attempt(round_number: int, planning: bool) -> str:
    """What tells a later round's instructions from an earlier one's: that the votes before it did not settle the question."""
    if round_number == 1:
        return ""
    text = "Earlier attempts at it did not agree" if planning else "Earlier attempts did not agree, so check each step"
    return f"{text}." if round_number == 2 else f"{text} (attempt {round_number})."


def plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """The planner's signature of a round: `question -> goal` or `question -> guideline`.

    Every round's instructions differ, since optimizers tell predictors apart by them.
    """
    return _for_round(_PLAN_SIGNATURES[kind], round_number, "")


def reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """The reasoner's signature of a round: `question, PLAN... -> reasoning, answer`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(reason_signature({"goal": "goal"}, 1).input_fields)
    ['question', 'goal']
    """
    signature: type[dspy.Signature] = Reason
    for position, (name, kind) in enumerate(plans.items(), 1):
        desc = {"goal": "what has to be found", "guideline": "a strategy that may help"}[kind]
        signature = signature.insert(position, name, dspy.InputField(desc=desc), str)
    use = " and ".join(f"{_USE[kind].lower()}" for kind in dict.fromkeys(plans.values()))
    return _for_round(signature, round_number, f"{use.capitalize()}." if use else "")


def _for_round(signature: type[dspy.Signature], round_number: int, use: str) -> type[dspy.Signature]:
    planning = issubclass(signature, GoalPlan | GuidelinePlan)
    parts = (signature.instructions, use, _attempt(round_number, planning))
    return signature.with_instructions(" ".join(filter(None, parts)))
