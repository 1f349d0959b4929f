"""Several optimizers one after the other: each goes on from the best that is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dspy.teleprompt import BetterTogether
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ..compiler.prompts import state_of
from ..compiler.student import Student
from .base import Job, Optimizer, StepFailed
from .registry import optimizer_by_name

DEFAULT_CHAIN = ("bootstrap-random-search", "gepa")


class Chain(Optimizer):
    """Demonstrations, then instructions, or the other way: what carries most differs by task and model."""

    name = "chain"
    description = "one optimizer after the other, each from the best so far"
    reflects = True
    demonstrates = True
    instructs = True
    default_chain = DEFAULT_CHAIN

    def _links(self, job: Job) -> list[tuple[Optimizer, Job]]:
        """The optimizers with an equal share of the budget each."""
        names = job.chain or self.default_chain
        runs = None if job.runs is None else job.runs // len(names)
        return [(optimizer_by_name(name), replace(job, runs=runs, chain=())) for name in names]

    def least(self, job: Job) -> int:
        return sum(link.least(part) for link, part in self._links(job))

    def runs(self, job: Job) -> tuple[int, int]:
        counts = [link.runs(part) for link, part in self._links(job)]
        return sum(runs for runs, _ in counts), sum(calls for _, calls in counts)

    def compile(self, job: Job) -> Student:
        student = job.student
        for number, (link, part) in enumerate(self._links(job), 1):
            student.failures = link.reflects
            with _named(number, link):
                made = link.compile(replace(part, student=student))
            if made is not None:  # some choose by training questions alone
                job.evaluate(student.with_state(state_of(made)), job.valset)
            student = best_so_far(student)
        return student


class Together(Optimizer):
    """DSPy's BetterTogether over prompt optimizers: the same chain, under its own management."""

    name = "better-together"
    description = "demonstrations and instructions in turn, under DSPy's BetterTogether"
    reflects = True
    demonstrates = True
    instructs = True
    default_chain = DEFAULT_CHAIN

    def __init__(self) -> None:
        self._chain = Chain()

    def least(self, job: Job) -> int:
        return self._chain.least(job)

    def runs(self, job: Job) -> tuple[int, int]:
        runs, calls = self._chain.runs(job)
        return runs + len(job.valset), calls

    def compile(self, job: Job) -> Student:
        links = enumerate(self._chain._links(job), 1)
        steps = {f"step{number}": _Step(number, link, part) for number, (link, part) in links}
        optimizer = BetterTogether(metric=job.metric.score, **steps)
        student = job.student.deepcopy()
        student.set_lm(
            job.proposer
        )  # it wants every predictor to have one; calls go to the tiers whatever it is
        best: Any = optimizer.compile(
            student,
            trainset=job.trainset,
            valset=job.valset,
            num_threads=job.threads,
            strategy=" -> ".join(steps),
            shuffle_trainset_between_steps=False,
            seed=job.seed,
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

    def __init__(self, number: int, optimizer: Optimizer, job: Job) -> None:
        super().__init__()
        self._number, self._optimizer, self._job = number, optimizer, job
        self.error: Exception | None = None

    def compile(self, student: Any, *, trainset: Any, valset: Any = None, **_: Any) -> Any:
        student.failures = self._optimizer.reflects
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
        raise StepFailed(number, optimizer.name) from error


def best_so_far(student: Student) -> Student:
    """The best program that the whole validation set has been asked of; the one given where there is none."""
    whole = student.session.candidates.whole()
    best = student.with_state(whole[0].state) if whole else student.deepcopy()
    best._compiled = False
    return best


CHAIN = Chain()
BETTER_TOGETHER = Together()
