"""A blueprint: one plan for all questions of a task, which costs no tokens at run time.

Its text is the planner's instructions: those of a preset's round (`plan_instructions`), or what a
compile set. After "Blueprint" prompting (arXiv 2506.08669).
"""

import dspy

from .base import ANY_DOMAIN, PlanKind, PlanRequest


class BlueprintPlan(dspy.Signature):
    """No blueprint is written yet: give plan_instructions in the preset's round, or compile one."""

    question: str = dspy.InputField()
    blueprint: str = dspy.OutputField(desc="how questions of this task are solved")


def _text(request: PlanRequest) -> str:
    return request.text


BLUEPRINT = PlanKind(
    name="blueprint",
    signatures={ANY_DOMAIN: BlueprintPlan},
    descriptions={ANY_DOMAIN: "how questions of this kind are solved"},
    use="follow the blueprint",
    make=_text,
)
