"""Signatures for questions with a short final answer: mathematics, and anything whose answer is a line.

The question comes first and plans after it: samples of one question share a prefix, which the engines cache.
"""

from collections.abc import Mapping

import dspy

from .rounds import PlanKind, for_round, plan_inputs


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


_PLANS: dict[str, type[dspy.Signature]] = {"goal": GoalPlan, "guideline": GuidelinePlan}


def plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """The planner's signature of a round: `question -> goal` or `question -> guideline`."""
    return for_round(_PLANS[kind], "", round_number, "Earlier attempts at it did not agree")


def reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """The reasoner's signature of a round: `question, PLAN... -> reasoning, answer`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(reason_signature({"goal": "goal"}, 1).input_fields)
    ['question', 'goal']
    """
    described: dict[PlanKind, str] = {
        "goal": "what has to be found",
        "guideline": "a strategy that may help",
    }
    again = "Earlier attempts did not agree, so check each step"
    return for_round(*plan_inputs(Reason, plans, described), round_number, again)
