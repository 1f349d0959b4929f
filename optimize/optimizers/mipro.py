"""MIPROv2: instructions and demonstrations together, the combination chosen by Bayesian optimization."""

from typing import Any

from dspy.teleprompt import MIPROv2

from ...models.engines.registry import is_local
from ..compiler.proposals import instructs
from ..compiler.proposer import ProposalStats
from ..compiler.student import Student
from .base import Job, Optimizer
from .few_shot import harvest


class Mipro(Optimizer):
    """Proposed instructions times sets of demonstrations (Opsahl-Ong et al. 2024, arXiv 2406.11695)."""

    name = "miprov2"
    description = (
        "instructions and demonstrations together, the combination found by Bayesian optimization"
    )
    demonstrates = True
    instructs = True
    _minibatch = 35

    def least(self, job: Job) -> int:
        return len(job.trainset) + 3 * self._batch(job) + 2 * len(job.valset)

    def _batch(self, job: Job) -> int:
        return min(self._minibatch, len(job.valset))

    def _size(self, job: Job) -> tuple[int, int]:
        """Candidates of each kind, and trials."""
        left = (
            None if job.runs is None else max(0, job.runs - len(job.trainset) - 2 * len(job.valset))
        )
        trials = 12 if left is None else max(3, min(30, left // self._batch(job)))
        return max(3, min(6, trials // 2)), trials

    def runs(self, job: Job) -> tuple[int, int]:
        sets, trials = self._size(job)
        whole = (
            (trials // 5 + 2) * len(job.valset)
            if self._batch(job) < len(job.valset)
            else len(job.valset)
        )
        summary = 0 if is_local(job.proposer.model) else 10
        return len(job.trainset) + trials * self._batch(
            job
        ) + whole, sets * job.predictors + summary

    def compile(self, job: Job) -> Student:
        harvest(job)
        sets, trials = self._size(job)
        kind = _Sensible if is_local(job.proposer.model) else MIPROv2
        optimizer: Any = kind(
            metric=job.metric.score,
            prompt_model=job.proposer,
            task_model=job.proposer,
            auto=None,
            num_candidates=sets,
            max_bootstrapped_demos=job.demos,
            max_labeled_demos=0,
            num_threads=job.threads,
            seed=job.seed or 9,
            metric_threshold=job.metric.worth_of_right,
        )
        optimizer.proposed = job.student.session.proposed
        return optimizer.compile(
            job.student,
            trainset=job.trainset,
            valset=job.valset,
            num_trials=trials,
            minibatch=self._batch(job) < len(job.valset),
            minibatch_size=self._batch(job),
            # The program's source says how rounds work in general; the task is in its data and demonstrations.
            # A summary of the data reads it in some ten calls: a small proposer takes long for it, and adds little.
            program_aware_proposer=False,
            data_aware_proposer=not is_local(job.proposer.model),
            view_data_batch_size=min(8, len(job.trainset)),
        )


class _Sensible(MIPROv2):
    """Leaves a small model's proposals out that are no instruction: a search over them would be spent on nothing."""

    proposed: ProposalStats

    def _propose_instructions(self, *args: Any, **kwargs: Any) -> dict[int, list[str]]:
        found = super()._propose_instructions(*args, **kwargs)
        kept = {
            number: [own, *filter(instructs, proposed)]
            for number, (own, *proposed) in found.items()
        }
        self.proposed.unused += sum(len(found[number]) - len(kept[number]) for number in found)
        return kept


OPTIMIZER = Mipro()
