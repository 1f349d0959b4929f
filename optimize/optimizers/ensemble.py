"""An ensemble: the best programs of a random search vote on each answer."""

from ..compiler.prompts import ensemble_state, is_ensemble
from ..compiler.student import Student
from .base import OptimizerContext
from .few_shot import RandomSearchOptimizer

_MEMBERS = 3


class EnsembleOptimizer(RandomSearchOptimizer):
    """Let the programs with the three best sets of demonstrations vote.

    The ensemble is saved only when it beats the best single program. The answers of its members to
    the validation questions are known from the search, so their vote costs the compile nothing.
    Later a question costs up to three times as much.
    """

    name = "ensemble"
    description = (
        "the best three programs of bootstrap-random-search vote: each question costs up to three "
        "times as much"
    )

    def compile(self, context: OptimizerContext) -> Student:
        best = super().compile(context)
        states = []
        for candidate in context.student.session.candidates.fully_evaluated():
            if not is_ensemble(candidate.state):
                states.append(candidate.state)
        if len(states) < 2:
            return best
        return context.student.with_state(ensemble_state(states[0], states[1:_MEMBERS]))


OPTIMIZER = EnsembleOptimizer()
