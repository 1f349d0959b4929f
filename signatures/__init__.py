"""Typed DSPy signatures: what planners and reasoners are asked, by kind of question."""

from .code import Program, code_plan_signature, code_reason_signature
from .plans.base import PlanKind
from .plans.goal import CodeGoalPlan, GoalPlan
from .plans.guideline import CodeGuidelinePlan, GuidelinePlan
from .short_answer import Reason, plan_signature, reason_signature

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
