"""Define signatures of judges: does an answer meet the criteria, and which of two is better."""

from typing import Literal

import dspy

Verdict = Literal["yes", "no"]
Preference = Literal["first", "second", "tie"]


class MeetsCriteria(dspy.Signature):
    """Judge whether the answer meets the criteria for the request. Facts count, and neither length nor style makes up for a wrong one."""  # noqa: E501

    question: str = dspy.InputField(desc="the request")
    criteria: str = dspy.InputField(desc="what a good answer must do")
    reference: str = dspy.InputField(desc="an answer that is known to be good; it may be missing")
    answer: str = dspy.InputField(desc="the answer to judge")
    verdict: Verdict = dspy.OutputField(desc="yes or no")


class CompareAnswers(dspy.Signature):
    """Two assistants replied to the same request. Decide which reply serves it better; neither their order nor their length counts. They tie only where nothing that matters sets them apart."""  # noqa: E501

    question: str = dspy.InputField(desc="the request")
    criteria: str = dspy.InputField(desc="what a good reply must do")
    first: str = dspy.InputField(desc="the first reply")
    second: str = dspy.InputField(desc="the second reply")
    better: Preference = dspy.OutputField(desc="first, second or tie")
