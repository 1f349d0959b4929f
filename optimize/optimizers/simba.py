"""SIMBA: samples a program at other temperatures, and learns from answers that vary."""

from typing import Any

from dspy.teleprompt import SIMBA

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext

_CANDIDATES = 4  # candidates of each step


class SIMBAOptimizer(Optimizer):
    """Add demonstrations and rules from questions whose outcomes differ between rollouts."""

    name = "simba"
    description = "demonstrations and added rules, from questions that go right only sometimes"
    adds_demos = True
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return _step_questions(context) + 2 * len(context.trainset) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        steps = _num_steps(context)
        winners = min(steps, _CANDIDATES) + 1
        questions = steps * _step_questions(context)
        questions += winners * len(context.trainset) + 2 * len(context.valset)
        return questions, steps * _CANDIDATES

    def compile(self, context: OptimizerContext) -> Student:
        # DSPy's annotation of `metric` says float; SIMBA also takes a prediction with a score.
        metric: Any = context.metric.score_with_feedback
        optimizer: Any = SIMBA(
            metric=metric,
            bsize=_batch(context),
            num_candidates=_CANDIDATES,
            max_steps=_num_steps(context),
            max_demos=context.demos,
            prompt_model=context.proposer,
            num_threads=context.num_threads,
        )
        best = optimizer.compile(context.student, trainset=context.trainset, seed=context.seed)
        # SIMBA chooses by training questions, so its best three are validated.
        for row in best.candidate_programs[:3]:
            context.evaluate(row["program"], context.valset)
        return best


def _batch(context: OptimizerContext) -> int:
    return min(16, len(context.trainset))


def _step_questions(context: OptimizerContext) -> int:
    return 2 * _CANDIDATES * _batch(context)


def _num_steps(context: OptimizerContext) -> int:
    if context.max_questions is None:
        return 4
    # SIMBA scores its winners on the whole training set.
    last_scores = 4 * len(context.trainset) + len(context.valset)
    questions = max(0, context.max_questions - last_scores)
    return max(1, min(8, questions // _step_questions(context)))


OPTIMIZER = SIMBAOptimizer()
