"""MIPROv2: instructions and demonstrations combined by Bayesian optimization."""

from typing import Any

from dspy.teleprompt import MIPROv2

from ...models.engines.registry import is_local
from ..compiler.proposals import is_instruction
from ..compiler.proposer import ProposalStats
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext
from .few_shot import answer_trainset

_MINIBATCH = 35


class MIPROv2Optimizer(Optimizer):
    """Combine proposed instructions with sets of demonstrations.

    Source: Opsahl-Ong et al. 2024, arXiv 2406.11695.
    """

    name = "miprov2"
    description = (
        "instructions and demonstrations together, the combination found by Bayesian optimization"
    )
    adds_demos = True
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.trainset) + 3 * _batch(context) + 2 * len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        sets, trials = _size(context)
        validations = 1
        if _batch(context) < len(context.valset):
            validations = trials // 5 + 2
        questions = len(context.trainset) + trials * _batch(context)
        questions += validations * len(context.valset)
        summary_calls = 0 if is_local(context.proposer.model) else 10
        return questions, sets * context.num_predictors + summary_calls

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        sets, trials = _size(context)
        local = is_local(context.proposer.model)
        kind = _FilteredMIPRO if local else MIPROv2
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
        optimizer.stats = context.student.session.proposal_stats
        return optimizer.compile(
            context.student,
            trainset=context.trainset,
            valset=context.valset,
            num_trials=trials,
            minibatch=_batch(context) < len(context.valset),
            minibatch_size=_batch(context),
            # The program's source describes rounds in general; its data and demonstrations describe
            # the task. A summary of the data takes some ten calls, which are slow with a small
            # proposer and add little.
            program_aware_proposer=False,
            data_aware_proposer=not local,
            view_data_batch_size=min(8, len(context.trainset)),
        )


def _batch(context: OptimizerContext) -> int:
    return min(_MINIBATCH, len(context.valset))


def _size(context: OptimizerContext) -> tuple[int, int]:
    """Return the number of candidates of each kind, and of trials."""
    trials = 12
    if context.max_questions is not None:
        questions = context.max_questions - len(context.trainset) - 2 * len(context.valset)
        trials = max(3, min(30, max(0, questions) // _batch(context)))
    return max(3, min(6, trials // 2)), trials


class _FilteredMIPRO(MIPROv2):
    """Drop a small model's proposals that are no instruction: a search over them is wasted."""

    stats: ProposalStats

    def _propose_instructions(self, *args: Any, **kwargs: Any) -> dict[int, list[str]]:
        proposals = super()._propose_instructions(*args, **kwargs)
        filtered = {}
        for number, (current, *proposed) in proposals.items():
            instructions = list(filter(is_instruction, proposed))
            self.stats.num_unused += len(proposed) - len(instructions)
            filtered[number] = [current, *instructions]
        return filtered


OPTIMIZER = MIPROv2Optimizer()
