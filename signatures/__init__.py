"""Define typed DSPy signatures of planners and reasoners, by kind of question."""

from .agent import (
    AGENT_INPUTS,
    agent_plan_signature,
    agent_reason_signature,
    agent_thought_signature,
    agent_turns_signature,
)
from .code import WriteProgram, code_plan_signature, code_reason_signature
from .open_ended import (
    AnswerFreely,
    open_plan_signature,
    open_reason_signature,
    question_in_conversation,
)
from .plans.base import PlanKind
from .plans.goal import CodeGoalPlan, GoalPlan, OpenGoalPlan
from .plans.guideline import CodeGuidelinePlan, GuidelinePlan, OpenGuidelinePlan
from .short_answer import SolveShortAnswer, plan_signature, reason_signature
from .thought_program import thought_program_signature

__all__ = [
    "AGENT_INPUTS",
    "AnswerFreely",
    "CodeGoalPlan",
    "CodeGuidelinePlan",
    "GoalPlan",
    "GuidelinePlan",
    "OpenGoalPlan",
    "OpenGuidelinePlan",
    "PlanKind",
    "SolveShortAnswer",
    "WriteProgram",
    "agent_plan_signature",
    "agent_reason_signature",
    "agent_thought_signature",
    "agent_turns_signature",
    "code_plan_signature",
    "code_reason_signature",
    "open_plan_signature",
    "open_reason_signature",
    "plan_signature",
    "question_in_conversation",
    "reason_signature",
    "thought_program_signature",
]
