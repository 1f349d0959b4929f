"""Typed DSPy signatures: what planners and reasoners are asked, by kind of question."""

from .short_answer import GoalPlan, GuidelinePlan, PlanKind, Reason, plan_signature, reason_signature

__all__ = ["GoalPlan", "GuidelinePlan", "PlanKind", "Reason", "plan_signature", "reason_signature"]
