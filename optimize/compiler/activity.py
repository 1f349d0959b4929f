"""The current work of a compile, for its progress line."""

from .candidates import Candidate


class CompileActivity:
    """The current work of a compile.

    Attributes:
        answered: questions that programs answered, including rollouts and cached questions.
        explored: answers of the current exploration, in which an optimizer samples other answers
            one after the other.
        description: what started last.
    """

    def __init__(self) -> None:
        self.answered = self.explored = 0
        self.description = ""

    def start_question(self, candidate: Candidate, exploring: bool) -> None:
        """Note that a program starts to answer a question."""
        if exploring:
            self.description = f"exploring: {self.explored:,} answers"
        else:
            self.explored = 0
            name = "the program as it was"
            if candidate.number:
                name = f"candidate {candidate.number}"
            self.description = f"asking {name}: {len(candidate.scores):,} questions"

    def end_question(self, exploring: bool) -> None:
        """Note that a question was answered."""
        self.answered += 1
        if exploring:
            self.explored += 1

    def start_proposal(self) -> None:
        """Note that a model is asked for a proposal."""
        self.description = "a proposal is being written"
