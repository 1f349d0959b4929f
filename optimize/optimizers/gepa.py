"""GEPA: instructions evolved by reflection on what went wrong, kept on a Pareto front over questions."""

from collections.abc import Mapping
from typing import Any

import dspy

from ..compiler.proposals import instruction_proposer
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext


class GEPAOptimizer(Optimizer):
    """Reflective evolution of instructions (Agrawal et al. 2025, arXiv 2507.19457). Demonstrations stay as they are."""

    name = "gepa"
    description = "instructions: rewritten by a model that reads what went wrong"
    learns_from_failures = True
    changes_instructions = True
    _minibatch = 6

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset) + 2 * self._minibatch

    def _calls(self, context: OptimizerContext) -> int:
        """Metric calls: what the budget allows, else enough for some ten candidates."""
        usual = 6 * len(context.valset) + 20 * 2 * self._minibatch * context.num_predictors
        return (
            usual
            if context.max_questions is None
            else max(self.min_questions(context), min(context.max_questions, 4 * usual))
        )

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        calls = self._calls(context)
        return calls, max(
            1, (calls - len(context.valset)) // (2 * self._minibatch + len(context.valset) // 4)
        )

    def compile(self, context: OptimizerContext) -> Student:
        pareto = context.metric.objective == "pareto"
        optimizer: Any = dspy.GEPA(
            metric=context.metric.gepa_feedback,
            max_metric_calls=self._calls(context),
            num_threads=context.num_threads,
            reflection_minibatch_size=min(self._minibatch, len(context.trainset)),
            reflection_lm=context.proposer,
            instruction_proposer=instruction_proposer(
                str(context.proposer.model),
                max_instruction_chars(context),
                context.student.session.proposal_stats,
            ),
            component_selector=select_component(context.student),
            use_merge=context.num_predictors > 1,
            track_stats=True,
            warn_on_score_mismatch=False,
            seed=context.seed,
            gepa_kwargs={"frontier_type": "hybrid"} if pareto else {},
        )
        return optimizer.compile(context.student, trainset=context.trainset, valset=context.valset)


def max_instruction_chars(context: OptimizerContext) -> int:
    """How long an instruction may be: a quarter of the smallest context, at some three characters a token."""
    tiers = {round_.spec.reasoner for round_ in context.student.rounds()} | {
        round_.spec.planner for round_ in context.student.rounds() if round_.spec.planner
    }
    contexts = [tokens for tier in tiers if (tokens := context.student.team[tier].context_tokens)]
    return min(contexts, default=8192) * 3 // 4


def select_component(student: Student) -> Any:
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


OPTIMIZER = GEPAOptimizer()
