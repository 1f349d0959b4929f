"""Optimizers that choose demonstrations: labeled rows, and traces of correct answers."""

from typing import Any

import dspy
from dspy.teleprompt import BootstrapFewShot, BootstrapFewShotWithRandomSearch, LabeledFewShot

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext, solved_rows


class LabeledFewShotOptimizer(Optimizer):
    """Add training rows as demonstrations, the same for all reasoners.

    Planners get none, because a row has no plan, unless their plans show solved questions.
    """

    name = "labeled-few-shot"
    description = (
        "demonstrations: training rows with their answers, and steps where they have them, for "
        "reasoners"
    )
    adds_demos = True
    learns_from_games = False

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        optimizer = LabeledFewShot(k=context.demos)
        student: Student = optimizer.compile(context.student, trainset=context.trainset)
        for name, predict in student.named_parameters():
            demos = solved_rows(student, name, predict.demos)
            if demos is not None:
                predict.demos = [dspy.Example(**demo) for demo in demos]
        return student


def answer_trainset(context: OptimizerContext) -> None:
    """Answer all training questions in parallel; DSPy's sequential bootstrap finds them cached."""
    context.evaluate(context.student, context.trainset)


class BootstrapFewShotOptimizer(Optimizer):
    """Add traces of the program's own correct answers as demonstrations.

    Source: Khattab et al. 2024, arXiv 2310.03714.
    """

    name = "bootstrap-few-shot"
    description = "demonstrations: the program's own right answers"
    adds_demos = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.trainset) + len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        return self._bootstrap(context, context.demos)

    def _bootstrap(self, context: OptimizerContext, demos: int) -> Student:
        answer_trainset(context)
        optimizer = BootstrapFewShot(
            metric=context.metric.is_correct, max_bootstrapped_demos=demos, max_labeled_demos=0
        )
        return optimizer.compile(context.student, trainset=context.trainset)


class RandomSearchOptimizer(Optimizer):
    """Bootstrap several sets of demonstrations and choose the best one on the validation set."""

    name = "bootstrap-random-search"
    description = "demonstrations: sets of the program's own right answers, the best of several"
    adds_demos = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + 2 * len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        programs = _num_random_sets(context) + 1
        return len(context.trainset) + programs * len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        sets = _num_random_sets(context)
        optimizer: Any = BootstrapFewShotWithRandomSearch(
            metric=context.metric.is_correct,
            max_bootstrapped_demos=context.demos,
            max_labeled_demos=0,
            num_candidate_programs=sets,
            num_threads=context.num_threads,
        )
        # Seed -3 is the program before the compile, -2 takes labeled rows alone: both are the work
        # of other optimizers.
        return optimizer.compile(
            context.student,
            trainset=context.trainset,
            valset=context.valset,
            restrict=range(-1, sets),
        )


def _num_random_sets(context: OptimizerContext) -> int:
    """Return the number of random sets; one more set has the data's order."""
    if context.max_questions is None:
        return 10
    questions = max(0, context.max_questions - len(context.trainset))
    programs = questions // max(1, len(context.valset))
    return max(1, min(16, programs - 1))


LABELED = LabeledFewShotOptimizer()
BOOTSTRAP = BootstrapFewShotOptimizer()
RANDOM_SEARCH = RandomSearchOptimizer()
