"""Several optimizers one after the other: each goes on from the best that is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dspy.teleprompt import BetterTogether
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ..compiler.prompts import prompt_state
from ..compiler.student import Student
from .base import ChainStepError, Optimizer, OptimizerContext
from .registry import optimizer_by_name

DEFAULT_CHAIN = ("bootstrap-random-search", "gepa")


class ChainOptimizer(Optimizer):
    """Demonstrations, then instructions, or the other way: what carries most differs by task and model."""

    name = "chain"
    description = "one optimizer after the other, each from the best so far"
    learns_from_failures = True
    adds_demos = True
    changes_instructions = True
    default_chain = DEFAULT_CHAIN

    def _links(self, context: OptimizerContext) -> list[tuple[Optimizer, OptimizerContext]]:
        """The optimizers with an equal share of the budget each."""
        names = context.chain or self.default_chain
        runs = None if context.max_questions is None else context.max_questions // len(names)
        return [
            (optimizer_by_name(name), replace(context, max_questions=runs, chain=()))
            for name in names
        ]

    def min_questions(self, context: OptimizerContext) -> int:
        return sum(link.min_questions(part) for link, part in self._links(context))

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        counts = [link.estimate_cost(part) for link, part in self._links(context)]
        return sum(runs for runs, _ in counts), sum(calls for _, calls in counts)

    def compile(self, context: OptimizerContext) -> Student:
        student = context.student
        for number, (link, part) in enumerate(self._links(context), 1):
            student.include_failures = link.learns_from_failures
            with _named(number, link):
                made = link.compile(replace(part, student=student))
            if made is not None:  # some choose by training questions alone
                context.evaluate(student.with_state(prompt_state(made)), context.valset)
            student = best_so_far(student)
        return student


class BetterTogetherOptimizer(Optimizer):
    """DSPy's BetterTogether over prompt optimizers: the same chain, under its own management."""

    name = "better-together"
    description = "demonstrations and instructions in turn, under DSPy's BetterTogether"
    learns_from_failures = True
    adds_demos = True
    changes_instructions = True
    default_chain = DEFAULT_CHAIN

    def __init__(self) -> None:
        self._chain = ChainOptimizer()

    def min_questions(self, context: OptimizerContext) -> int:
        return self._chain.min_questions(context)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        runs, calls = self._chain.estimate_cost(context)
        return runs + len(context.valset), calls

    def compile(self, context: OptimizerContext) -> Student:
        links = enumerate(self._chain._links(context), 1)
        steps = {f"step{number}": _Step(number, link, part) for number, (link, part) in links}
        optimizer = BetterTogether(metric=context.metric.score, **steps)
        student = context.student.deepcopy()
        student.set_lm(
            context.proposer
        )  # it wants every predictor to have one; calls go to the tiers whatever it is
        best: Any = optimizer.compile(
            student,
            trainset=context.trainset,
            valset=context.valset,
            num_threads=context.num_threads,
            strategy=" -> ".join(steps),
            shuffle_trainset_between_steps=False,
            seed=context.seed,
        )
        # It only logs what a step raises, and ends with the best program of the steps before.
        for step in steps.values():
            if step.error:
                raise step.error
        if best.flag_compilation_error_occurred:
            raise RuntimeError("what a step made could not be validated; the log tells why")
        return best


class _Step(Teleprompter):
    """One of ours as a step of BetterTogether.

    Attributes:
        error: why it failed; None when it did not.
    """

    def __init__(self, number: int, optimizer: Optimizer, context: OptimizerContext) -> None:
        super().__init__()
        self._number, self._optimizer, self._job = number, optimizer, context
        self.error: Exception | None = None

    def compile(self, student: Any, *, trainset: Any, valset: Any = None, **_: Any) -> Any:
        student.include_failures = self._optimizer.learns_from_failures
        start = student.deepcopy()
        start._compiled = False
        try:
            with _named(self._number, self._optimizer):
                made = (
                    self._optimizer.compile(replace(self._job, student=start, trainset=trainset))
                    or start
                )
        except Exception as error:
            self.error = error
            raise
        made.set_lm(self._job.proposer)
        return made


@contextmanager
def _named(number: int, optimizer: Optimizer) -> Iterator[None]:
    """What the step raises names it; a user's mistake speaks for itself."""
    try:
        yield
    except CopeError:
        raise
    except Exception as error:
        raise ChainStepError(number, optimizer.name) from error


def best_so_far(student: Student) -> Student:
    """The best program that the whole validation set has been asked of; the one given where there is none."""
    whole = student.session.candidates.fully_evaluated()
    best = student.with_state(whole[0].state) if whole else student.deepcopy()
    best._compiled = False
    return best


CHAIN = ChainOptimizer()
BETTER_TOGETHER = BetterTogetherOptimizer()
