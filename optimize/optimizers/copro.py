"""COPRO: instructions rewritten by trial."""

from typing import Any

from dspy.teleprompt import COPRO

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext


class COPROOptimizer(Optimizer):
    """Instructions by breadth and depth: several are proposed, the best ones lead to the next."""

    name = "copro"
    description = "instructions: proposed, scored on up to 24 training questions, proposed again"
    changes_instructions = True
    _questions = 24  # of the training set, for each candidate

    def min_questions(self, context: OptimizerContext) -> int:
        return 2 * context.num_predictors * min(self._questions, len(context.trainset)) + len(
            context.valset
        )

    def _size(self, context: OptimizerContext) -> tuple[int, int]:
        """Breadth and depth."""
        programs = context.num_candidates(
            12,
            minimum=2,
            questions_each=context.num_predictors * min(self._questions, len(context.trainset)),
        )
        return (max(2, programs // 2), 2) if programs >= 4 else (programs, 1)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        breadth, depth = self._size(context)
        # With several predictors DSPy scores all earlier instructions again at every depth.
        programs = (
            breadth * depth * (depth + 1) // 2 if context.num_predictors > 1 else breadth * depth
        )
        return programs * context.num_predictors * min(
            self._questions, len(context.trainset)
        ) + len(context.valset), (breadth * depth - 1) * context.num_predictors

    def compile(self, context: OptimizerContext) -> Student:
        breadth, depth = self._size(context)
        optimizer: Any = COPRO(
            prompt_model=context.proposer,
            metric=context.metric.score,
            breadth=breadth,
            depth=depth,
            init_temperature=1.0,
        )
        how = {"num_threads": context.num_threads, "display_progress": False}
        return optimizer.compile(
            context.student, trainset=context.trainset[: self._questions], eval_kwargs=how
        )


OPTIMIZER = COPROOptimizer()
