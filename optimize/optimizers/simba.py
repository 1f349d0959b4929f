"""SIMBA: samples a program at other temperatures, and learns from questions that it gets right only sometimes."""

from typing import Any

from dspy.teleprompt import SIMBA

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext


class SIMBAOptimizer(Optimizer):
    """Demonstrations and rules from the questions whose outcomes differ most between rollouts."""

    name = "simba"
    description = "demonstrations and added rules, from questions that go right only sometimes"
    adds_demos = True
    changes_instructions = True

    def _size(self, context: OptimizerContext) -> tuple[int, int, int]:
        """Questions a step, candidates a step, steps."""
        batch = min(16, len(context.trainset))
        ends = 4 * len(context.trainset) + len(
            context.valset
        )  # SIMBA scores its winners on the whole training set
        left = None if context.max_questions is None else max(0, context.max_questions - ends)
        steps = 4 if left is None else max(1, min(8, left // (2 * 4 * batch)))
        return batch, 4, steps

    def min_questions(self, context: OptimizerContext) -> int:
        batch, candidates, _ = self._size(context)
        return 2 * candidates * batch + 2 * len(context.trainset) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        batch, candidates, steps = self._size(context)
        winners = min(steps + 1, candidates + 1)
        return steps * 2 * candidates * batch + winners * len(context.trainset) + 2 * len(
            context.valset
        ), steps * candidates

    def compile(self, context: OptimizerContext) -> Student:
        batch, candidates, steps = self._size(context)
        words: Any = (
            context.metric.score_with_feedback
        )  # DSPy's annotation says float; a prediction with a score is taken too
        optimizer: Any = SIMBA(
            metric=words,
            bsize=batch,
            num_candidates=candidates,
            max_steps=steps,
            max_demos=context.demos,
            prompt_model=context.proposer,
            num_threads=context.num_threads,
        )
        best = optimizer.compile(context.student, trainset=context.trainset, seed=context.seed)
        for row in best.candidate_programs[
            :3
        ]:  # it chooses by training questions; these are the ones worth a second look
            context.evaluate(row["program"], context.valset)
        return best


OPTIMIZER = SIMBAOptimizer()
