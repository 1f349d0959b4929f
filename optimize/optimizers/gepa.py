"""GEPA: instructions evolved by reflection on failures, kept on a Pareto front over questions."""

from collections.abc import Mapping
from typing import Any

import dspy

from ..compiler.proposals import instruction_proposer
from ..compiler.student import Student, predictor_name_of
from .base import Optimizer, OptimizerContext

_MINIBATCH = 6


class GEPAOptimizer(Optimizer):
    """Evolve instructions by reflection; demonstrations do not change.

    Source: Agrawal et al. 2025, arXiv 2507.19457.
    """

    name = "gepa"
    description = "instructions: rewritten by a model that reads what went wrong"
    learns_from_failures = True
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset) + 2 * _MINIBATCH

    def _metric_calls(self, context: OptimizerContext) -> int:
        """Return the metric calls that the budget allows; by default enough for ten candidates."""
        default = 6 * len(context.valset) + 20 * 2 * _MINIBATCH * context.num_predictors
        if context.max_questions is None:
            return default
        return max(self.min_questions(context), min(context.max_questions, 4 * default))

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        calls = self._metric_calls(context)
        calls_per_proposal = 2 * _MINIBATCH + len(context.valset) // 4
        return calls, max(1, (calls - len(context.valset)) // calls_per_proposal)

    def compile(self, context: OptimizerContext) -> Student:
        pareto = context.metric.objective == "pareto"
        proposer = instruction_proposer(
            str(context.proposer.model),
            max_instruction_chars(context),
            context.student.session.proposal_stats,
        )
        optimizer: Any = dspy.GEPA(
            metric=context.metric.gepa_feedback,
            max_metric_calls=self._metric_calls(context),
            num_threads=context.num_threads,
            reflection_minibatch_size=min(_MINIBATCH, len(context.trainset)),
            reflection_lm=context.proposer,
            instruction_proposer=proposer,
            component_selector=select_component(context.student),
            use_merge=context.num_predictors > 1,
            track_stats=True,
            warn_on_score_mismatch=False,
            seed=context.seed,
            gepa_kwargs={"frontier_type": "hybrid"} if pareto else {},
        )
        return optimizer.compile(context.student, trainset=context.trainset, valset=context.valset)


def max_instruction_chars(context: OptimizerContext) -> int:
    """Return the maximum length of an instruction, in characters.

    It is a quarter of the smallest context window, at about three characters a token.
    """
    team, windows = context.student.team, []
    for round_ in context.student.rounds():
        for name in (round_.spec.planner, round_.spec.reasoner):
            if name and team[name].context_tokens:
                windows.append(team[name].context_tokens)
    return min(windows, default=8192) * 3 // 4


def select_component(student: Student) -> Any:
    """Return a selector that takes turns among the predictors that ran for a minibatch's questions.

    A predictor that did not run has no failures to learn from.
    """
    names = [name for name, _ in student.named_predictors()]
    turn = 0

    def select(
        state: object, trajectories: Any, scores: object, index: int, candidate: Mapping[str, str]
    ) -> list[str]:
        nonlocal turn
        ran = set()
        for trajectory in trajectories or []:
            for predict, *_ in trajectory["trace"]:
                ran.add(predictor_name_of(predict))
        for _ in names:
            name = names[turn % len(names)]
            turn += 1
            if name in ran:
                return [name]
        return [names[turn % len(names)]]

    return select


OPTIMIZER = GEPAOptimizer()
