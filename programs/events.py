"""What happens in a cascade, as it happens: for a display, a log, or a notebook."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ..models.scope import in_scope, scoped
from .confidence.early_stopping import EXACT, HEURISTIC_RULES


@dataclass(frozen=True)
class RoundStarted:
    """A round begins; `planner` and `plan` are None where it makes no plan."""

    round: int
    planner: str | None
    plan: str | None
    reasoner: str
    samples: int


@dataclass(frozen=True)
class Planned:
    """A plan was written; `sample` is None when all samples share it."""

    round: int
    sample: int | None
    plan: str


@dataclass(frozen=True)
class SampleCounted:
    """A sample was finished; `answer` is its vote, None when none could be read. `votes` are the votes so far."""

    round: int
    sample: int
    answer: str | None
    votes: Mapping[str, int]


@dataclass(frozen=True)
class RoundDecided:
    """The gate decided. `asked` of `samples` were needed by the rule `early_stop`; `plan` is what the round hands on."""

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

    @property
    def reason(self) -> str:
        """The decision in words."""
        if self.answer is None:
            return "no answer could be read"
        if self.explanation:
            return self.explanation
        if self.threshold is None:
            return "the last round answers"
        # Sampling may stop before all votes are in, when they can no longer change the decision.
        early = self.samples_drawn < self.samples
        if early and self.early_stop in HEURISTIC_RULES:
            needed = f"{self.threshold:.0%} are {'enough' if self.accepted else 'needed'}"
            return f"{self.confidence:.0%} of the {self.samples_drawn} drawn agree, {needed} (stopped by {self.early_stop})"
        if self.accepted:
            return f"{'at least ' if early else ''}{self.confidence:.0%} agree, {self.threshold:.0%} are enough"
        needed = (
            f"{self.threshold:.0%} can not be reached any more"
            if early
            else f"{self.threshold:.0%} are needed"
        )
        return f"{self.confidence:.0%} agree{' so far' if early else ''}, {needed}"


Event = RoundStarted | Planned | SampleCounted | RoundDecided
Observer = Callable[[Event], None]


def use_observer(observer: Observer | None) -> AbstractContextManager[None]:
    """Cascades called inside report their events to `observer`, on the thread on which they run."""
    return scoped("observer", observer)


def has_observer() -> bool:
    """Whether anybody observes here."""
    return in_scope("observer") is not None


def emit(event: Event) -> None:
    """Report an event to whoever observes here."""
    if observer := in_scope("observer"):
        observer(event)
