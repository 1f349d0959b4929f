"""Steps: a numbered plan of what to do, without doing it."""

import dspy

from .base import STOPS, PlanKind


class StepsPlan(dspy.Signature):
    """List the steps that solve the question, numbered, at most five, a few words each. Calculate nothing and give no result."""  # noqa: E501

    question: str = dspy.InputField()
    steps: str = dspy.OutputField(desc="the numbered steps, one line each")


class CodeStepsPlan(dspy.Signature):
    """List the steps of the program, numbered, at most five, a few words each. Write no code."""

    question: str = dspy.InputField()
    steps: str = dspy.OutputField(desc="the numbered steps, one line each")


class OpenStepsPlan(dspy.Signature):
    """List the points that a good reply makes, numbered, in order, at most five, a few words each. Do not write the reply."""  # noqa: E501

    question: str = dspy.InputField()
    steps: str = dspy.OutputField(desc="the numbered points, one line each")


STEPS = PlanKind(
    name="steps",
    signatures={"short-answer": StepsPlan, "code": CodeStepsPlan, "open": OpenStepsPlan},
    descriptions={
        "short-answer": "steps that may lead to the answer",
        "code": "the steps of the program",
        "open": "the points that the reply makes",
    },
    use="take the steps in order",
    stops={"paragraph": STOPS["steps"], "steps": STOPS["steps"]},
)
