"""A goal: what the question asks for, in one sentence."""

import dspy

from .base import PlanKind


class GoalPlan(dspy.Signature):
    """State in one sentence what the question asks to find. Do not solve it."""

    question: str = dspy.InputField()
    goal: str = dspy.OutputField(desc="what has to be found, in one sentence")


class CodeGoalPlan(dspy.Signature):
    """State in one sentence what the program must do: what goes in and what comes out. Write no code."""  # noqa: E501

    question: str = dspy.InputField()
    goal: str = dspy.OutputField(desc="what the program must do, in one sentence")


class OpenGoalPlan(dspy.Signature):
    """Say in one sentence what a good reply to the request must achieve. Do not write the reply."""

    question: str = dspy.InputField()
    goal: str = dspy.OutputField(desc="what the reply must achieve, in one sentence")


class AgentGoalPlan(dspy.Signature):
    """You play a text game step by step. State in one sentence what the next few actions must achieve. Name no action."""  # noqa: E501

    history: str = dspy.InputField(desc="the steps so far, each with what it led to")
    observation: str = dspy.InputField(desc="what the last action led to")
    actions: str = dspy.InputField(desc="the actions that are possible now, one a line")
    task: str = dspy.InputField(desc="what has to be achieved in the game")
    goal: str = dspy.OutputField(desc="what has to be achieved next, in one sentence")


GOAL = PlanKind(
    name="goal",
    signatures={
        "short-answer": GoalPlan,
        "code": CodeGoalPlan,
        "open": OpenGoalPlan,
        "agent": AgentGoalPlan,
    },
    descriptions={
        "short-answer": "what has to be found",
        "code": "what the program must do",
        "open": "what the reply must achieve",
        "agent": "what has to be achieved next",
    },
    use="keep to the goal",
)
