"""Signatures for questions that a Python program answers. The question comes first and plans after it."""

from collections.abc import Mapping

import dspy

from .rounds import PlanKind, for_round, plan_inputs


class CodeGoalPlan(dspy.Signature):
    """State in one sentence what the program must do: what goes in and what comes out. Write no code."""

    question: str = dspy.InputField()
    goal: str = dspy.OutputField(desc="what the program must do, in one sentence")


class CodeGuidelinePlan(dspy.Signature):
    """Say in one or two sentences how to write the program: the algorithm, and the cases that are easily missed. Write no code."""

    question: str = dspy.InputField()
    guideline: str = dspy.OutputField(desc="the algorithm, in one or two sentences")


class Program(dspy.Signature):
    """Write the Python program that the question asks for, with its names. Reply with one code block and nothing else, no tests."""

    question: str = dspy.InputField()
    program: str = dspy.OutputField(desc="the whole program, in Python")


_PLANS: dict[str, type[dspy.Signature]] = {"goal": CodeGoalPlan, "guideline": CodeGuidelinePlan}


def code_plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """The planner's signature of a round: `question -> goal` or `question -> guideline`."""
    return for_round(_PLANS[kind], "", round_number, "Earlier programs for it failed their tests")


def code_reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """The reasoner's signature of a round: `question, PLAN... -> program`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(code_reason_signature({"goal": "goal"}, 1).input_fields)
    ['question', 'goal']
    """
    again = "Earlier programs failed their tests, so look at the details"
    described: dict[PlanKind, str] = {
        "goal": "what the program must do",
        "guideline": "an algorithm that may help",
    }
    return for_round(*plan_inputs(Program, plans, described), round_number, again)
