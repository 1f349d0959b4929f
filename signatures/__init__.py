"""Typed DSPy signatures: what planners and reasoners are asked, by kind of question."""

from .code import (
    CodeGoalPlan,
    CodeGuidelinePlan,
    Program,
    code_plan_signature,
    code_reason_signature,
)
from .rounds import PlanKind
from .short_answer import GoalPlan, GuidelinePlan, Reason, plan_signature, reason_signature

__all__ = [
    "CodeGoalPlan",
    "CodeGuidelinePlan",
    "GoalPlan",
    "GuidelinePlan",
    "PlanKind",
    "Program",
    "Reason",
    "code_plan_signature",
    "code_reason_signature",
    "plan_signature",
    "reason_signature",
]
