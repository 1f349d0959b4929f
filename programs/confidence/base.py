"""What a round draws: samples, and what they say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...sandbox import Report


@dataclass
class Sample:
    """One plan and the solution made with it.

    Attributes:
        index: the sample's place in its round, from 0.
        plan: the plan of this sample's own round, None where the round makes none.
        reasoning: the steps, as the reasoner wrote them.
        answer: the answer that could be read; None is a sample without a vote.
        ballot: what it votes for where that is not the answer's own words, such as what a program gives.
        report: what came of the visible tests, where programs are run.
        unread: a reply that had none of the fields that were asked for.
        trace: DSPy's trace of its calls, for optimizers.
    """

    index: int
    plan: str | None = None
    reasoning: str = ""
    answer: str | None = None
    ballot: str | None = None
    report: Report | None = None
    unread: str | None = None
    trace: list[Any] = field(default_factory=list, repr=False)

    @property
    def vote(self) -> str | None:
        """What it votes for; None for nothing."""
        return self.answer if self.ballot is None else self.ballot


@dataclass(frozen=True)
class Verdict:
    """What the samples of a round say together.

    Attributes:
        answer: the answer that leads; None when no sample has a vote.
        confidence: between 0 and 1.
        supporters: the indices of the samples behind the answer; the first is drawn to hand its plan on.
        votes: supporters of each vote, the leading one first.
        words: how it was found, where that is not by how many agree.
        kind: the confidence that decided; a round sets it, and one kept by an earlier version has none.
    """

    answer: str | None
    confidence: float
    supporters: tuple[int, ...]
    votes: Mapping[str, int]
    words: str = ""
    kind: str = ""


class Tally(Protocol):
    """The samples of one round, as they come in."""

    @property
    def kind(self) -> str:
        """By what samples become an answer: `votes`, `tests` or `outputs`; what replays a record must know it."""
        ...

    async def examine(self, sample: Sample) -> None:
        """Look at a sample that was just made, while others are still in the making; here a program is run."""
        ...

    async def add(self, sample: Sample) -> None:
        """Count an examined sample."""
        ...

    def settled(self, threshold: float | None, hands_on: bool) -> bool:
        """Whether the samples still missing can change neither the gate's decision nor, with `hands_on`, the plan drawn."""
        ...

    def verdict(self) -> Verdict:
        """What the samples counted so far say."""
        ...


class Confidence(Protocol):
    """How a round's samples become an answer and a confidence: the seam for voting, tests, perplexity and more."""

    @property
    def one_settles(self) -> bool:
        """Whether a single sample can settle a round: then others are worth asking only when a model is free for them."""
        ...

    def tally(
        self,
        order: Sequence[int],
        given: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        """An empty tally for one round.

        Args:
            order: the samples' indices; the order breaks ties and draws the plan that is handed on.
            given: the question's inputs: `question`, and for code `tests`, `setup`, `entry_point`.
            answers: how two answers are compared.
        """
        ...
