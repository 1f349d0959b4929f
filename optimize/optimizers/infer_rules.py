"""InferRules: demonstrations, and instructions with rules that a model reads off the training rows."""

from typing import Any

from dspy.teleprompt import InferRules

from ..compiler.prompts import state_of
from ..compiler.student import Student
from .base import Job, Optimizer


class Rules(Optimizer):
    """Demonstrations, and rules that the proposing model reads off the training rows."""

    name = "infer-rules"
    description = "instructions: rules read off up to 12 training rows; with demonstrations"
    demonstrates = True
    instructs = True
    _rows = 12  # that rules are read off: more do not fit a small context

    def least(self, job: Job) -> int:
        return min(self._rows, len(job.trainset)) + len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        count = job.candidates(6)
        return min(self._rows, len(job.trainset)) + count * len(job.valset), count * job.predictors

    def compile(self, job: Job) -> Student:
        rows = job.trainset[: self._rows]
        job.evaluate(job.student, rows)
        optimizer: Any = InferRules(
            num_candidates=job.candidates(6),
            num_rules=5,
            num_threads=job.threads,
            teacher_settings={"lm": job.proposer},
            metric=job.metric.right,
            max_bootstrapped_demos=job.demos,
            max_labeled_demos=0,
        )
        # It writes into the signature that all its copies share: what it returns has the last candidate's rules, and so
        # would the program that it was given. The session holds what each candidate was when it was scored.
        optimizer.compile(
            job.student.with_state(state_of(job.student)), trainset=rows, valset=job.valset
        )
        return job.student


OPTIMIZER = Rules()
