"""What a compile is doing now, for whoever looks on while no score comes in."""

from .candidates import Candidate


class Activity:
    """The work under way.

    Attributes:
        answered: questions that programs answered so far, rollouts and questions that were known included.
        explored: of these, answers that were only looked for, one after the other, to learn from.
        words: what was begun last.
    """

    def __init__(self) -> None:
        self.answered = self.explored = 0
        self.words = ""

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
        """A model was asked for a proposal."""
        self.words = "a proposal is being written"
