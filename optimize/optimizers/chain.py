"""Chains of optimizers: each step starts from the best program that is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dspy
from dspy.teleprompt import BetterTogether
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ..compiler.prompts import prompt_state
from ..compiler.student import Student
from .base import ChainStepError, Optimizer, OptimizerContext
from .registry import optimizer_by_name


class ChainOptimizer(Optimizer):
    """Optimize demonstrations, then instructions, or the reverse.

    Which of the two improves a program more depends on the task and the model.
    """

    name = "chain"
    description = "one optimizer after the other, each from the best so far"
    learns_from_failures = True
    adds_demos = True
    changes_instructions = True
    default_chain = ("bootstrap-random-search", "gepa")

    def steps(self, context: OptimizerContext) -> list[tuple[Optimizer, OptimizerContext]]:
        """Return the optimizers, each with an equal share of the budget."""
        names = context.chain or self.default_chain
        share = context.max_questions
        if share is not None:
            share //= len(names)
        part = replace(context, max_questions=share, chain=())
        return [(optimizer_by_name(name), part) for name in names]

    def min_questions(self, context: OptimizerContext) -> int:
        return sum(step.min_questions(part) for step, part in self.steps(context))

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        questions, proposals = 0, 0
        for step, part in self.steps(context):
            more_questions, more_proposals = step.estimate_cost(part)
            questions += more_questions
            proposals += more_proposals
        return questions, proposals

    def compile(self, context: OptimizerContext) -> Student:
        student = context.student
        for number, (step, part) in enumerate(self.steps(context), 1):
            student.include_failures = step.learns_from_failures
            with _step_errors(number, step):
                compiled = step.compile(replace(part, student=student))
            if compiled is not None:
                # Some optimizers choose by training questions alone.
                context.evaluate(student.with_state(prompt_state(compiled)), context.valset)
            student = best_so_far(student)
        return student


class BetterTogetherOptimizer(ChainOptimizer):
    """DSPy's BetterTogether over prompt optimizers: the same chain, managed by DSPy."""

    name = "better-together"
    description = "demonstrations, then instructions, under DSPy's BetterTogether"

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        questions, proposals = super().estimate_cost(context)
        return questions + len(context.valset), proposals

    def compile(self, context: OptimizerContext) -> Student:
        steps: dict[str, _Step] = {}
        for number, (optimizer, part) in enumerate(self.steps(context), 1):
            steps[f"step{number}"] = _Step(number, optimizer, part)
        student = context.student.deepcopy()
        # BetterTogether needs an LM on every predictor. Calls go to the tiers' models all the same.
        student.set_lm(context.proposer)
        best: Any = BetterTogether(metric=context.metric.score, **steps).compile(
            student,
            trainset=context.trainset,
            valset=context.valset,
            num_threads=context.num_threads,
            strategy=" -> ".join(steps),
            shuffle_trainset_between_steps=False,
            seed=context.seed,
        )
        # BetterTogether only logs the error of a step, and returns the best earlier program.
        for step in steps.values():
            if step.error:
                raise step.error
        if best.flag_compilation_error_occurred:
            raise RuntimeError("what a step made could not be validated; the log says why")
        return best


class _Step(Teleprompter):
    """One of the project's optimizers as a step of BetterTogether.

    Attributes:
        error: the error that the step failed with; None when it did not fail.
    """

    def __init__(self, number: int, optimizer: Optimizer, context: OptimizerContext) -> None:
        super().__init__()
        self._number, self._optimizer, self._context = number, optimizer, context
        self.error: Exception | None = None

    def compile(
        self,
        student: Student,
        *,
        trainset: list[dspy.Example],
        valset: list[dspy.Example] | None = None,
        **_: object,
    ) -> Student:
        student.include_failures = self._optimizer.learns_from_failures
        start = student.deepcopy()
        start._compiled = False
        context = replace(self._context, student=start, trainset=trainset)
        try:
            with _step_errors(self._number, self._optimizer):
                compiled = self._optimizer.compile(context) or start
        except Exception as error:
            self.error = error
            raise
        compiled.set_lm(self._context.proposer)
        return compiled


@contextmanager
def _step_errors(number: int, optimizer: Optimizer) -> Iterator[None]:
    """Convert errors to a `ChainStepError` that names the step, except errors of the user."""
    try:
        yield
    except CopeError:
        raise
    except Exception as error:
        raise ChainStepError(number, optimizer.name) from error


def best_so_far(student: Student) -> Student:
    """Return the best program that answered the whole validation set; else a copy of `student`."""
    evaluated = student.session.candidates.fully_evaluated()
    best = student.with_state(evaluated[0].state) if evaluated else student.deepcopy()
    best._compiled = False
    return best


CHAIN = ChainOptimizer()
BETTER_TOGETHER = BetterTogetherOptimizer()
