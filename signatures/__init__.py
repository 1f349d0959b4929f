"""Define typed DSPy signatures of planners and reasoners, by kind of question."""

from .code import WriteProgram, code_plan_signature, code_reason_signature
from .plans.base import PlanKind
from .plans.goal import CodeGoalPlan, GoalPlan
from .plans.guideline import CodeGuidelinePlan, GuidelinePlan
from .short_answer import SolveShortAnswer, plan_signature, reason_signature

__all__ = [
    "CodeGoalPlan",
    "CodeGuidelinePlan",
    "GoalPlan",
    "GuidelinePlan",
    "PlanKind",
    "SolveShortAnswer",
    "WriteProgram",
    "code_plan_signature",
    "code_reason_signature",
    "plan_signature",
    "reason_signature",
]
