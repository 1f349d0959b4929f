"""An ensemble: the best programs of a random search answer together."""

from ..compiler.prompts import beside, is_ensemble
from ..compiler.student import Student
from .base import Job, Optimizer
from .few_shot import RandomSearch


class Voting(Optimizer):
    """The answers of the three best sets of demonstrations vote. It is saved only when that beats the best one alone.

    What its programs answered on the validation questions is known from the search, so the vote between them costs the
    compile nothing; afterwards a question costs up to three times as much.
    """

    name = "ensemble"
    description = "the best three programs of bootstrap-random-search vote: each question costs up to three times as much"
    demonstrates = True
    size = 3

    def __init__(self) -> None:
        self._search = RandomSearch()

    def least(self, job: Job) -> int:
        return self._search.least(job)

    def runs(self, job: Job) -> tuple[int, int]:
        return self._search.runs(job)

    def compile(self, job: Job) -> Student:
        found = self._search.compile(job)
        single = [c for c in job.student.session.candidates.whole() if not is_ensemble(c.state)][
            : self.size
        ]
        if len(single) < 2:
            return found
        lead, *others = (candidate.state for candidate in single)
        return job.student.with_state(beside(lead, others))


OPTIMIZER = Voting()
