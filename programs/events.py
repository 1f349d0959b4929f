"""Events of a running cascade, for a display, a log, or a notebook."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ..models.scope import in_scope, scoped
from .confidence.early_stopping import EXACT, HEURISTIC_RULES


@dataclass(frozen=True)
class RoundStarted:
    """A round begins. `planner` and `plan` are None in a round without a plan of its own."""

    round: int
    planner: str | None
    plan: str | None
    reasoner: str
    samples: int


@dataclass(frozen=True)
class Planned:
    """A plan is written. `sample` is None when all samples share the plan."""

    round: int
    sample: int | None
    plan: str


@dataclass(frozen=True)
class SampleCounted:
    """A sample is counted.

    Attributes:
        round: from 1.
        sample: the sample's index.
        answer: its vote; None when no answer could be parsed.
        votes: the votes so far.
    """

    round: int
    sample: int
    answer: str | None
    votes: Mapping[str, int]


@dataclass(frozen=True)
class RoundDecided:
    """A round is over: its answer is accepted, or the question escalates.

    Attributes:
        samples_drawn: samples that the rule `early_stop` needed, of `samples`.
        plan: the plan that the round forwards.
        explanation: how the answer was found, unless by the share of the votes.
        give_up: the measure by which the round was left, see `give_up.py`; None if it was not.
    """

    round: int
    answer: str | None
    confidence: float
    threshold: float | None
    accepted: bool
    votes: Mapping[str, int]
    samples_drawn: int
    samples: int
    plan: str | None
    explanation: str = ""
    early_stop: str = EXACT
    give_up: str | None = None

    @property
    def reason(self) -> str:
        """The reason for the decision."""
        if self.give_up is not None:
            undrawn = self.samples - self.samples_drawn
            return f"{undrawn} more of {self.samples} samples are not worth their {self.give_up}"
        if self.answer is None:
            return "no answer could be read"
        if self.explanation:
            return self.explanation
        if self.threshold is None:
            return "the last round answers"
        # Sampling may stop before all samples are drawn, when the rest cannot change the decision.
        early = self.samples_drawn < self.samples
        if early and self.early_stop in HEURISTIC_RULES:
            needed = f"{self.threshold:.0%} are {'enough' if self.accepted else 'needed'}"
            share = f"{self.confidence:.0%} of the {self.samples_drawn} drawn agree"
            return f"{share}, {needed} (stopped by {self.early_stop})"
        if self.accepted:
            at_least = "at least " if early else ""
            return f"{at_least}{self.confidence:.0%} agree, {self.threshold:.0%} are enough"
        if early:
            unreachable = f"{self.threshold:.0%} can not be reached any more"
            return f"{self.confidence:.0%} agree so far, {unreachable}"
        return f"{self.confidence:.0%} agree, {self.threshold:.0%} are needed"


@dataclass(frozen=True)
class AnswerText:
    """A part of the answer is written, in a round whose only sample answers without a vote.

    Attributes:
        round: from 1.
        text: the part.
        anew: whether the answer begins again with this part, because the reply broke off.
    """

    round: int
    text: str
    anew: bool = False


Event = RoundStarted | Planned | SampleCounted | RoundDecided | AnswerText
Observer = Callable[[Event], None]


def use_observer(observer: Observer | None) -> AbstractContextManager[None]:
    """Report the events of cascades called inside to `observer`, on the cascade's own thread."""
    return scoped("observer", observer)


def current_observer() -> Observer | None:
    """Return the observer of the current context, if there is one."""
    observer: Observer | None = in_scope("observer")
    return observer


def emit(event: Event) -> None:
    """Report an event to the observer of the current context, if there is one."""
    observer = current_observer()
    if observer:
        observer(event)
