"""Optimizers that rewrite instructions: by trial (COPRO), or with rules read off the training rows (InferRules)."""

from typing import Any

from dspy.teleprompt import COPRO, InferRules

from ..compiler.prompts import state_of
from ..compiler.student import Student
from .base import Job


class Copro:
    """Instructions by breadth and depth: several are proposed, the best ones lead to the next."""

    name = "copro"
    words = "instructions: proposed, scored on up to 24 training questions, proposed again"
    reflects = False
    demonstrates = False
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


class Rules:
    """Demonstrations, and rules that the proposing model reads off the training rows."""

    name = "infer-rules"
    words = "instructions: rules read off up to 12 training rows; with demonstrations"
    reflects = False
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
