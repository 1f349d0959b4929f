"""A guideline: how to solve the question, in one or two sentences."""

import dspy

from .base import PlanKind


class GuidelinePlan(dspy.Signature):
    """Give a strategy for the question in one or two sentences: the key ideas and their order, no calculation and no result."""  # noqa: E501

    question: str = dspy.InputField()
    guideline: str = dspy.OutputField(desc="the strategy, in one or two sentences")


class CodeGuidelinePlan(dspy.Signature):
    """Say in one or two sentences how to write the program: the algorithm, and the cases that are easily missed. Write no code."""  # noqa: E501

    question: str = dspy.InputField()
    guideline: str = dspy.OutputField(desc="the algorithm, in one or two sentences")


class OpenGuidelinePlan(dspy.Signature):
    """Advise in one or two sentences how to write a good reply: what it must contain, and in which form. Do not write the reply."""  # noqa: E501

    question: str = dspy.InputField()
    guideline: str = dspy.OutputField(desc="the advice, in one or two sentences")


class AgentGuidelinePlan(dspy.Signature):
    """You play a text game step by step. Say in one or two sentences how to go on: what is done, what is still to do in which order, and where to look."""  # noqa: E501

    history: str = dspy.InputField(desc="the steps so far, each with what it led to")
    observation: str = dspy.InputField(desc="what the last action led to")
    actions: str = dspy.InputField(desc="the actions that are possible now, one a line")
    task: str = dspy.InputField(desc="what has to be achieved in the game")
    guideline: str = dspy.OutputField(desc="the strategy, in one or two sentences")


GUIDELINE = PlanKind(
    name="guideline",
    signatures={
        "short-answer": GuidelinePlan,
        "code": CodeGuidelinePlan,
        "open": OpenGuidelinePlan,
        "agent": AgentGuidelinePlan,
    },
    descriptions={
        "short-answer": "a strategy that may help",
        "code": "an algorithm that may help",
        "open": "advice that may help",
        "agent": "a strategy that may help",
    },
    use="follow the guideline",
)
