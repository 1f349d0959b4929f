"""An ensemble: the best programs of a random search answer together."""

from ..compiler.prompts import ensemble_state, is_ensemble
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext
from .few_shot import RandomSearchOptimizer


class EnsembleOptimizer(Optimizer):
    """The answers of the three best sets of demonstrations vote. It is saved only when that beats the best one alone.

    What its programs answered on the validation questions is known from the search, so the vote between them costs the
    compile nothing; afterwards a question costs up to three times as much.
    """

    name = "ensemble"
    description = "the best three programs of bootstrap-random-search vote: each question costs up to three times as much"
    adds_demos = True
    size = 3

    def __init__(self) -> None:
        self._search = RandomSearchOptimizer()

    def min_questions(self, context: OptimizerContext) -> int:
        return self._search.min_questions(context)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return self._search.estimate_cost(context)

    def compile(self, context: OptimizerContext) -> Student:
        found = self._search.compile(context)
        single = [
            c
            for c in context.student.session.candidates.fully_evaluated()
            if not is_ensemble(c.state)
        ][: self.size]
        if len(single) < 2:
            return found
        lead, *others = (candidate.state for candidate in single)
        return context.student.with_state(ensemble_state(lead, others))


OPTIMIZER = EnsembleOptimizer()
