"""InferRules: demonstrations, and instructions with rules that a model reads off the training rows."""

from typing import Any

from dspy.teleprompt import InferRules

from ..compiler.prompts import prompt_state
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext


class InferRulesOptimizer(Optimizer):
    """Demonstrations, and rules that the proposing model reads off the training rows."""

    name = "infer-rules"
    description = "instructions: rules read off up to 12 training rows; with demonstrations"
    adds_demos = True
    changes_instructions = True
    _rows = 12  # that rules are read off: more do not fit a small context

    def min_questions(self, context: OptimizerContext) -> int:
        return min(self._rows, len(context.trainset)) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        count = context.num_candidates(6)
        return min(self._rows, len(context.trainset)) + count * len(
            context.valset
        ), count * context.num_predictors

    def compile(self, context: OptimizerContext) -> Student:
        rows = context.trainset[: self._rows]
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
        # It writes into the signature that all its copies share: what it returns has the last candidate's rules, and so
        # would the program that it was given. The session holds what each candidate was when it was scored.
        optimizer.compile(
            context.student.with_state(prompt_state(context.student)),
            trainset=rows,
            valset=context.valset,
        )
        return context.student


OPTIMIZER = InferRulesOptimizer()
