"""Optimizers that choose demonstrations: labelled rows, and traces that were right."""

from typing import Any

from dspy.teleprompt import BootstrapFewShot, BootstrapFewShotWithRandomSearch, LabeledFewShot

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext


class LabeledFewShotOptimizer(Optimizer):
    """Training rows as demonstrations, the same for all reasoners; planners get none, for a row has no plan."""

    name = "labeled-few-shot"
    description = "demonstrations: training rows with their answers, and steps where they have them, for reasoners"
    adds_demos = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        return LabeledFewShot(k=context.demos).compile(context.student, trainset=context.trainset)


def answer_trainset(context: OptimizerContext) -> None:
    """Ask all training questions side by side; DSPy's bootstrapping then finds them answered, one after the other."""
    context.evaluate(context.student, context.trainset)


class BootstrapFewShotOptimizer(Optimizer):
    """Traces of the program's own right answers as demonstrations (Khattab et al. 2024, arXiv 2310.03714)."""

    name = "bootstrap-few-shot"
    description = "demonstrations: the program's own right answers"
    adds_demos = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.trainset) + len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        optimizer = BootstrapFewShot(
            metric=context.metric.is_correct,
            max_bootstrapped_demos=context.demos,
            max_labeled_demos=0,
        )
        return optimizer.compile(context.student, trainset=context.trainset)


class RandomSearchOptimizer(Optimizer):
    """Several sets of such demonstrations, the best one by the validation questions."""

    name = "bootstrap-random-search"
    description = "demonstrations: sets of the program's own right answers, the best of several"
    adds_demos = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + 2 * len(context.valset)

    def _sets(self, context: OptimizerContext) -> int:
        """Random sets beside the one in the data's order."""
        left = (
            None
            if context.max_questions is None
            else max(0, context.max_questions - len(context.trainset))
            // max(1, len(context.valset))
        )
        return 10 if left is None else max(1, min(16, left - 1))

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.trainset) + (self._sets(context) + 1) * len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        sets = self._sets(context)
        optimizer: Any = BootstrapFewShotWithRandomSearch(
            metric=context.metric.is_correct,
            max_bootstrapped_demos=context.demos,
            max_labeled_demos=0,
            num_candidate_programs=sets,
            num_threads=context.num_threads,
        )
        # Seed -3 is the program as it is, -2 takes labelled rows alone: both are other optimizers' work.
        return optimizer.compile(
            context.student,
            trainset=context.trainset,
            valset=context.valset,
            restrict=range(-1, sets),
        )


LABELED = LabeledFewShotOptimizer()
BOOTSTRAP = BootstrapFewShotOptimizer()
RANDOM_SEARCH = RandomSearchOptimizer()
