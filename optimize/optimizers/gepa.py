"""GEPA: instructions evolved by reflection on what went wrong, kept on a Pareto front over questions."""

from collections.abc import Mapping
from typing import Any

import dspy

from ..compiler.proposals import proposals_by
from ..compiler.student import Student
from .base import Job, Optimizer


class Gepa(Optimizer):
    """Reflective evolution of instructions (Agrawal et al. 2025, arXiv 2507.19457). Demonstrations stay as they are."""

    name = "gepa"
    description = "instructions: rewritten by a model that reads what went wrong"
    reflects = True
    instructs = True
    _minibatch = 6

    def least(self, job: Job) -> int:
        return len(job.valset) + 2 * self._minibatch

    def _calls(self, job: Job) -> int:
        """Metric calls: what the budget allows, else enough for some ten candidates."""
        usual = 6 * len(job.valset) + 20 * 2 * self._minibatch * job.predictors
        return usual if job.runs is None else max(self.least(job), min(job.runs, 4 * usual))

    def runs(self, job: Job) -> tuple[int, int]:
        calls = self._calls(job)
        return calls, max(
            1, (calls - len(job.valset)) // (2 * self._minibatch + len(job.valset) // 4)
        )

    def compile(self, job: Job) -> Student:
        pareto = job.metric.objective == "pareto"
        optimizer: Any = dspy.GEPA(
            metric=job.metric.reflective,
            max_metric_calls=self._calls(job),
            num_threads=job.threads,
            reflection_minibatch_size=min(self._minibatch, len(job.trainset)),
            reflection_lm=job.proposer,
            instruction_proposer=proposals_by(
                str(job.proposer.model), most_chars(job), job.student.session.proposed
            ),
            component_selector=ran_before(job.student),
            use_merge=job.predictors > 1,
            track_stats=True,
            warn_on_score_mismatch=False,
            seed=job.seed,
            gepa_kwargs={"frontier_type": "hybrid"} if pareto else {},
        )
        return optimizer.compile(job.student, trainset=job.trainset, valset=job.valset)


def most_chars(job: Job) -> int:
    """How long an instruction may be: a quarter of the smallest context, at some three characters a token."""
    tiers = {round_.spec.reasoner for round_ in job.student.rounds()} | {
        round_.spec.planner for round_ in job.student.rounds() if round_.spec.planner
    }
    contexts = [context for tier in tiers if (context := job.student.team[tier].context_tokens)]
    return min(contexts, default=8192) * 3 // 4


def ran_before(student: Student) -> Any:
    """Chooses in turn among the predictors that ran for the questions at hand: one that did not has nothing to learn."""
    names = [name for name, _ in student.named_predictors()]
    turn = [0]

    def choose(
        state: Any, trajectories: Any, scores: Any, index: int, candidate: Mapping[str, str]
    ) -> list[str]:
        ran = {
            entry[0]
            .signature.input_fields[next(iter(entry[0].signature.input_fields))]
            .json_schema_extra.get("place")
            for trajectory in trajectories or []
            for entry in trajectory["trace"]
        }
        for _ in names:
            name = names[turn[0] % len(names)]
            turn[0] += 1
            if name in ran:
                return [name]
        return [names[turn[0] % len(names)]]

    return choose


OPTIMIZER = Gepa()
