"""Define the signature by which a model says whether an answer is right, in one word."""

from typing import Literal

import dspy


class IsTrue(dspy.Signature):
    """Decide whether the proposed answer to the question is right."""

    question: str = dspy.InputField()
    answer: str = dspy.InputField(desc="the proposed answer")
    right: Literal["True", "False"] = dspy.OutputField(desc="True or False")
