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


GUIDELINE = PlanKind(
    name="guideline",
    signatures={
        "short-answer": GuidelinePlan,
        "code": CodeGuidelinePlan,
        "open": OpenGuidelinePlan,
    },
    descriptions={
        "short-answer": "a strategy that may help",
        "code": "an algorithm that may help",
        "open": "advice that may help",
    },
    use="follow the guideline",
)
