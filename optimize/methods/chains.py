"""Several optimizers one after the other: each goes on from the best that is known."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dspy.teleprompt import BetterTogether
from dspy.teleprompt.teleprompt import Teleprompter

from ..job import Job, Optimizer
from ..student import Student, state_of


class Chain:
    """Demonstrations, then instructions, or the other way: what carries most differs by task and model.

    Args:
        find: an optimizer by its name.
    """

    name = "chain"
    words = "one optimizer after the other, each from the best so far"
    reflects = True
    usual = ("bootstrap-random-search", "gepa")

    def __init__(self, find: Callable[[str], Optimizer]) -> None:
        self._find = find

    def _links(self, job: Job) -> list[tuple[Optimizer, Job]]:
        """The optimizers with an equal share of the budget each."""
        names = job.chain or self.usual
        runs = None if job.runs is None else job.runs // len(names)
        return [(self._find(name), replace(job, runs=runs, chain=())) for name in names]

    def least(self, job: Job) -> int:
        return sum(link.least(part) for link, part in self._links(job))

    def runs(self, job: Job) -> tuple[int, int]:
        counts = [link.runs(part) for link, part in self._links(job)]
        return sum(runs for runs, _ in counts), sum(calls for _, calls in counts)

    def compile(self, job: Job) -> Student:
        student = job.student
        for link, part in self._links(job):
            student.failures = link.reflects
            made = link.compile(replace(part, student=student))
            if made is not None:  # some choose by training questions alone
                job.evaluate(student.with_state(state_of(made)), job.valset)
            student = best_so_far(student)
        return student


class Together:
    """DSPy's BetterTogether over prompt optimizers: the same chain, under its own management."""

    name = "better-together"
    words = "demonstrations and instructions in turn, under DSPy's BetterTogether"
    reflects = True

    def __init__(self, find: Callable[[str], Optimizer]) -> None:
        self._chain = Chain(find)
        self._find = find

    def least(self, job: Job) -> int:
        return self._chain.least(job)

    def runs(self, job: Job) -> tuple[int, int]:
        runs, calls = self._chain.runs(job)
        return runs + len(job.valset), calls

    def compile(self, job: Job) -> Student:
        steps: dict[str, Any] = {
            f"step{n}": _Step(link, part) for n, (link, part) in enumerate(self._chain._links(job), 1)
        }
        optimizer = BetterTogether(metric=job.metric.score, **steps)
        student = job.student.deepcopy()
        student.set_lm(job.proposer)  # it wants every predictor to have one; calls go to the tiers whatever it is
        best: Any = optimizer.compile(
            student, trainset=job.trainset, valset=job.valset, num_threads=job.threads, strategy=" -> ".join(steps),
            shuffle_trainset_between_steps=False, seed=job.seed,
        )  # fmt: skip
        return best


class _Step(Teleprompter):
    """One of ours as a step of BetterTogether."""

    def __init__(self, optimizer: Optimizer, job: Job) -> None:
        super().__init__()
        self._optimizer, self._job = optimizer, job

    def compile(self, student: Any, *, trainset: Any, valset: Any = None, **_: Any) -> Any:
        student.failures = self._optimizer.reflects
        start = student.deepcopy()
        start._compiled = False
        made = self._optimizer.compile(replace(self._job, student=start, trainset=trainset)) or start
        made.set_lm(self._job.proposer)
        return made


def best_so_far(student: Student) -> Student:
    """The best program that the whole validation set has been asked of; the one given where there is none."""
    whole = student.session.candidates.whole()
    best = student.with_state(whole[0].state) if whole else student.deepcopy()
    best._compiled = False
    return best
