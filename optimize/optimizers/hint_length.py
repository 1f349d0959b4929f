"""Hint length: how many tokens of the planner's answer the reasoner continues.

LLM Shepherding (arXiv 2601.22132) trains a model to choose the length for each question. Here a
round has one length for all questions, the best on the validation questions.
"""

from collections.abc import Iterator

from ...errors import CopeError
from ...programs.predictor_name import PredictorName
from ..compiler.prompts import set_hint_tokens
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext, planned_predictors, search_in_turn

LENGTHS = (5, 10, 20, 40, 80)
"""The tokens that are tried, besides those of the preset."""


class HintLengthOptimizer(Optimizer):
    """Try several lengths of a hint in each round that has one, the shortest first.

    The planner writes its answer greedily, so a longer hint begins as a shorter one does. With the
    objective `cost` or `pareto`, short hints are preferred for their tokens.
    """

    name = "hint-length"
    description = "the length of hints: how many tokens of its answer the planner writes"

    def min_questions(self, context: OptimizerContext) -> int:
        return 2 * len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        tried = len(self._lengths(context)) * len(hint_rounds(context.student))
        return tried * len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        def variants(base: Student, number: int) -> Iterator[Student]:
            for tokens in self._lengths(context):
                if tokens != base.preset.rounds[number - 1].longest_plan:
                    candidate = base.deepcopy()
                    set_hint_tokens(candidate, number, tokens)
                    yield candidate

        return search_in_turn(context, hint_rounds(context.student), variants)

    def _lengths(self, context: OptimizerContext) -> tuple[int, ...]:
        return LENGTHS[: context.num_candidates(len(LENGTHS))]


def hint_rounds(student: Student) -> list[int]:
    """Return the numbers of the rounds with a hint whose reasoner is compiled.

    Raises:
        CopeError: when there is none.
    """
    found = planned_predictors(student, "reasoner", lambda kind: kind.use_as == "prefix")
    if not found:
        raise CopeError(
            "the optimizer hint-length needs a round with a plan of kind hint: give a preset with "
            'plan = "hint", such as cope-hint'
        )
    return [PredictorName.parse(name).round for name in found]


OPTIMIZER = HintLengthOptimizer()
