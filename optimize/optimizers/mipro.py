"""MIPROv2: instructions and demonstrations together, the combination chosen by Bayesian optimization."""

from typing import Any

from dspy.teleprompt import MIPROv2

from ...models.engines.registry import is_local
from ..compiler.proposals import is_instruction
from ..compiler.proposer import ProposalStats
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext
from .few_shot import answer_trainset


class MIPROv2Optimizer(Optimizer):
    """Proposed instructions times sets of demonstrations (Opsahl-Ong et al. 2024, arXiv 2406.11695)."""

    name = "miprov2"
    description = (
        "instructions and demonstrations together, the combination found by Bayesian optimization"
    )
    adds_demos = True
    changes_instructions = True
    _minibatch = 35

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + 3 * self._batch(context) + 2 * len(context.valset)

    def _batch(self, context: OptimizerContext) -> int:
        return min(self._minibatch, len(context.valset))

    def _size(self, context: OptimizerContext) -> tuple[int, int]:
        """Candidates of each kind, and trials."""
        left = (
            None
            if context.max_questions is None
            else max(0, context.max_questions - len(context.trainset) - 2 * len(context.valset))
        )
        trials = 12 if left is None else max(3, min(30, left // self._batch(context)))
        return max(3, min(6, trials // 2)), trials

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        sets, trials = self._size(context)
        whole = (
            (trials // 5 + 2) * len(context.valset)
            if self._batch(context) < len(context.valset)
            else len(context.valset)
        )
        summary = 0 if is_local(context.proposer.model) else 10
        return len(context.trainset) + trials * self._batch(
            context
        ) + whole, sets * context.num_predictors + summary

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        sets, trials = self._size(context)
        kind = _FilteredMIPRO if is_local(context.proposer.model) else MIPROv2
        optimizer: Any = kind(
            metric=context.metric.score,
            prompt_model=context.proposer,
            task_model=context.proposer,
            auto=None,
            num_candidates=sets,
            max_bootstrapped_demos=context.demos,
            max_labeled_demos=0,
            num_threads=context.num_threads,
            seed=context.seed or 9,
            metric_threshold=context.metric.min_value_if_correct,
        )
        optimizer.proposed = context.student.session.proposal_stats
        return optimizer.compile(
            context.student,
            trainset=context.trainset,
            valset=context.valset,
            num_trials=trials,
            minibatch=self._batch(context) < len(context.valset),
            minibatch_size=self._batch(context),
            # The program's source says how rounds work in general; the task is in its data and demonstrations.
            # A summary of the data reads it in some ten calls: a small proposer takes long for it, and adds little.
            program_aware_proposer=False,
            data_aware_proposer=not is_local(context.proposer.model),
            view_data_batch_size=min(8, len(context.trainset)),
        )


class _FilteredMIPRO(MIPROv2):
    """Leaves a small model's proposals out that are no instruction: a search over them would be spent on nothing."""

    proposed: ProposalStats

    def _propose_instructions(self, *args: Any, **kwargs: Any) -> dict[int, list[str]]:
        found = super()._propose_instructions(*args, **kwargs)
        kept = {
            number: [own, *filter(is_instruction, proposed)]
            for number, (own, *proposed) in found.items()
        }
        self.proposed.num_unused += sum(len(found[number]) - len(kept[number]) for number in found)
        return kept


OPTIMIZER = MIPROv2Optimizer()
