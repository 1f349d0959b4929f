"""COPRO: instructions rewritten by trial."""

from typing import Any

from dspy.teleprompt import COPRO

from ..compiler.student import Student
from .base import Job, Optimizer


class Copro(Optimizer):
    """Instructions by breadth and depth: several are proposed, the best ones lead to the next."""

    name = "copro"
    description = "instructions: proposed, scored on up to 24 training questions, proposed again"
    instructs = True
    _questions = 24  # of the training set, for each candidate

    def least(self, job: Job) -> int:
        return 2 * job.predictors * min(self._questions, len(job.trainset)) + len(job.valset)

    def _size(self, job: Job) -> tuple[int, int]:
        """Breadth and depth."""
        programs = job.candidates(
            12, least=2, each=job.predictors * min(self._questions, len(job.trainset))
        )
        return (max(2, programs // 2), 2) if programs >= 4 else (programs, 1)

    def runs(self, job: Job) -> tuple[int, int]:
        breadth, depth = self._size(job)
        # With several predictors DSPy scores all earlier instructions again at every depth.
        programs = breadth * depth * (depth + 1) // 2 if job.predictors > 1 else breadth * depth
        return programs * job.predictors * min(self._questions, len(job.trainset)) + len(
            job.valset
        ), (breadth * depth - 1) * job.predictors

    def compile(self, job: Job) -> Student:
        breadth, depth = self._size(job)
        optimizer: Any = COPRO(
            prompt_model=job.proposer,
            metric=job.metric.score,
            breadth=breadth,
            depth=depth,
            init_temperature=1.0,
        )
        how = {"num_threads": job.threads, "display_progress": False}
        return optimizer.compile(
            job.student, trainset=job.trainset[: self._questions], eval_kwargs=how
        )


OPTIMIZER = Copro()
