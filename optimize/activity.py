"""What a compile is doing now, for whoever looks on while no score comes in."""

from ..errors import first_line
from .candidates import Candidate


class Activity:
    """The work under way.

    Attributes:
        answered: questions that programs answered so far, rollouts and questions that were known included.
        explored: of these, answers that were only looked for, one after the other, to learn from.
        proposals: requests to the proposer that ended.
        lost: of these, the ones that failed.
        loss: the model of the last of these, and what it failed on, in a line.
        words: what was begun last.
    """

    def __init__(self) -> None:
        self.answered = self.explored = self.proposals = self.lost = 0
        self.loss, self.words = ("", ""), ""

    def asks(self, candidate: Candidate, exploring: bool) -> None:
        """A program is asked a question."""
        if exploring:
            self.words = f"exploring: {self.explored:,} answers"
        else:
            self.explored = 0
            which = f"candidate {candidate.number}" if candidate.number else "the program as it was"
            self.words = f"asking {which}: {len(candidate.scores):,} questions"

    def has_answered(self, exploring: bool) -> None:
        """A question was answered."""
        self.answered += 1
        self.explored += exploring

    def proposes(self) -> None:
        """The proposer is being asked."""
        self.words = "a proposal is being written"

    def has_proposed(self) -> None:
        """A request of the proposer's ended, with a reply or without."""
        self.proposals += 1

    def loses(self, model: str, error: Exception) -> None:
        """It failed; optimizers go on without its reply."""
        self.lost += 1
        self.loss = model, first_line(error)
