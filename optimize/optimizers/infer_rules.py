"""InferRules: demonstrations, and instructions with rules inferred from training rows."""

from typing import Any

from dspy.teleprompt import InferRules

from ..compiler.prompts import prompt_state
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext

_ROWS = 12  # rows that rules are inferred from: more do not fit a small context


class InferRulesOptimizer(Optimizer):
    """Add demonstrations, and rules that the proposer infers from the training rows."""

    name = "infer-rules"
    description = "instructions: rules read off up to 12 training rows; with demonstrations"
    adds_demos = True
    learns_from_games = False
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return min(_ROWS, len(context.trainset)) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        count = context.num_candidates(6)
        questions = min(_ROWS, len(context.trainset)) + count * len(context.valset)
        return questions, count * context.num_predictors

    def compile(self, context: OptimizerContext) -> Student:
        rows = context.trainset[:_ROWS]
        context.evaluate(context.student, rows)
        optimizer: Any = InferRules(
            num_candidates=context.num_candidates(6),
            num_rules=5,
            num_threads=context.num_threads,
            teacher_settings={"lm": context.proposer},
            metric=context.metric.is_correct,
            max_bootstrapped_demos=context.demos,
            max_labeled_demos=0,
        )
        # InferRules writes into the signature that all its copies share, so the program that it
        # returns, and the one that it was given, have the last candidate's rules. Therefore it gets
        # a copy, and its result is not used: the session holds each candidate as it was scored.
        copy = context.student.with_state(prompt_state(context.student))
        optimizer.compile(copy, trainset=rows, valset=context.valset)
        return context.student


OPTIMIZER = InferRulesOptimizer()
