"""A diagnosis: one sentence on where the samples of the round before went wrong.

The planner sees the competing answers, or the failing test of a program. The reasoner sees the
sentence alone: with its own program before it, a small model repeats it.
"""

import dspy

from .base import ANY_DOMAIN, PlanKind


class DiagnosisPlan(dspy.Signature):
    """Say in one sentence what the attempts at the question probably get wrong, and what to mind. Give no result."""  # noqa: E501

    question: str = dspy.InputField()
    attempts: str = dspy.InputField(desc="what the attempts answered")
    diagnosis: str = dspy.OutputField(desc="the likely mistake, in one sentence")


class CodeDiagnosisPlan(dspy.Signature):
    """Say in one sentence what the programs for the task probably get wrong, and what to mind. Write no code."""  # noqa: E501

    question: str = dspy.InputField()
    attempts: str = dspy.InputField(desc="how the best program fails")
    diagnosis: str = dspy.OutputField(desc="the likely mistake, in one sentence")


DIAGNOSIS = PlanKind(
    name="diagnosis",
    signatures={ANY_DOMAIN: DiagnosisPlan, "code": CodeDiagnosisPlan},
    descriptions={ANY_DOMAIN: "a mistake that earlier attempts made"},
    use="avoid the mistake in the diagnosis",
)
