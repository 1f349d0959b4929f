"""Optimizers that choose demonstrations: labelled rows, and traces that were right."""

from typing import Any

from dspy.teleprompt import BootstrapFewShot, BootstrapFewShotWithRandomSearch, LabeledFewShot

from ..compiler.student import Student
from .base import Job, Optimizer


class LabeledDemos(Optimizer):
    """Training rows as demonstrations, the same for all reasoners; planners get none, for a row has no plan."""

    name = "labeled-few-shot"
    description = "demonstrations: training rows with their answers, and steps where they have them, for reasoners"
    demonstrates = True

    def least(self, job: Job) -> int:
        return len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        return len(job.valset), 0

    def compile(self, job: Job) -> Student:
        return LabeledFewShot(k=job.demos).compile(job.student, trainset=job.trainset)


def harvest(job: Job) -> None:
    """Ask all training questions side by side; DSPy's bootstrapping then finds them answered, one after the other."""
    job.evaluate(job.student, job.trainset)


class BootstrapDemos(Optimizer):
    """Traces of the program's own right answers as demonstrations (Khattab et al. 2024, arXiv 2310.03714)."""

    name = "bootstrap-few-shot"
    description = "demonstrations: the program's own right answers"
    demonstrates = True

    def least(self, job: Job) -> int:
        return len(job.trainset) + len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        return len(job.trainset) + len(job.valset), 0

    def compile(self, job: Job) -> Student:
        harvest(job)
        optimizer = BootstrapFewShot(
            metric=job.metric.right, max_bootstrapped_demos=job.demos, max_labeled_demos=0
        )
        return optimizer.compile(job.student, trainset=job.trainset)


class RandomSearch(Optimizer):
    """Several sets of such demonstrations, the best one by the validation questions."""

    name = "bootstrap-random-search"
    description = "demonstrations: sets of the program's own right answers, the best of several"
    demonstrates = True

    def least(self, job: Job) -> int:
        return len(job.trainset) + 2 * len(job.valset)

    def _sets(self, job: Job) -> int:
        """Random sets beside the one in the data's order."""
        left = (
            None
            if job.runs is None
            else max(0, job.runs - len(job.trainset)) // max(1, len(job.valset))
        )
        return 10 if left is None else max(1, min(16, left - 1))

    def runs(self, job: Job) -> tuple[int, int]:
        return len(job.trainset) + (self._sets(job) + 1) * len(job.valset), 0

    def compile(self, job: Job) -> Student:
        harvest(job)
        sets = self._sets(job)
        optimizer: Any = BootstrapFewShotWithRandomSearch(
            metric=job.metric.right,
            max_bootstrapped_demos=job.demos,
            max_labeled_demos=0,
            num_candidate_programs=sets,
            num_threads=job.threads,
        )
        # Seed -3 is the program as it is, -2 takes labelled rows alone: both are other optimizers' work.
        return optimizer.compile(
            job.student, trainset=job.trainset, valset=job.valset, restrict=range(-1, sets)
        )


LABELED = LabeledDemos()
BOOTSTRAP = BootstrapDemos()
RANDOM_SEARCH = RandomSearch()
