"""SIMBA: samples a program at other temperatures, and learns from questions that it gets right only sometimes."""

from typing import Any

from dspy.teleprompt import SIMBA

from ..compiler.student import Student
from .base import Job, Optimizer


class Simba(Optimizer):
    """Demonstrations and rules from the questions whose outcomes differ most between rollouts."""

    name = "simba"
    description = "demonstrations and added rules, from questions that go right only sometimes"
    demonstrates = True
    instructs = True

    def _size(self, job: Job) -> tuple[int, int, int]:
        """Questions a step, candidates a step, steps."""
        batch = min(16, len(job.trainset))
        ends = 4 * len(job.trainset) + len(
            job.valset
        )  # SIMBA scores its winners on the whole training set
        left = None if job.runs is None else max(0, job.runs - ends)
        steps = 4 if left is None else max(1, min(8, left // (2 * 4 * batch)))
        return batch, 4, steps

    def least(self, job: Job) -> int:
        batch, candidates, _ = self._size(job)
        return 2 * candidates * batch + 2 * len(job.trainset) + len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        batch, candidates, steps = self._size(job)
        winners = min(steps + 1, candidates + 1)
        return steps * 2 * candidates * batch + winners * len(job.trainset) + 2 * len(
            job.valset
        ), steps * candidates

    def compile(self, job: Job) -> Student:
        batch, candidates, steps = self._size(job)
        words: Any = (
            job.metric.with_words
        )  # DSPy's annotation says float; a prediction with a score is taken too
        optimizer: Any = SIMBA(
            metric=words,
            bsize=batch,
            num_candidates=candidates,
            max_steps=steps,
            max_demos=job.demos,
            prompt_model=job.proposer,
            num_threads=job.threads,
        )
        best = optimizer.compile(job.student, trainset=job.trainset, seed=job.seed)
        for row in best.candidate_programs[
            :3
        ]:  # it chooses by training questions; these are the ones worth a second look
            job.evaluate(row["program"], job.valset)
        return best


OPTIMIZER = Simba()
