"""How far an answer is, for progress notifications."""

from dataclasses import dataclass

from ...programs.events import AnswerText, Event, RoundDecided, RoundStarted
from ...programs.preset import Preset


@dataclass(frozen=True)
class Progress:
    """How far an answer is.

    Attributes:
        done: steps that are done.
        total: steps when every round runs.
    """

    done: int
    total: int


class Steps:
    """Counts the steps of an answer: beginnings of rounds, plans, samples, decisions.

    The count only rises, as the protocol demands. Samples that a round does not need count when it
    ends.

    Args:
        preset: the rounds.

    >>> from cope.programs.preset import load_preset
    >>> Steps(load_preset("cope")).add(RoundStarted(1, "small", "goal", "small", 8))
    Progress(done=1, total=32)
    """

    def __init__(self, preset: Preset) -> None:
        self._ends: list[int] = []
        total = 0
        for spec in preset.rounds:
            plans = spec.plans if spec.plan else 0
            total += 2 + plans + spec.samples
            self._ends.append(total)
        self._done = 0

    def add(self, event: Event) -> Progress | None:
        """Return how far the answer is after an event; None for one that is no step."""
        if isinstance(event, AnswerText):
            return None
        end = self._ends[event.round - 1]
        begin = self._ends[event.round - 2] if event.round > 1 else 0
        if isinstance(event, RoundStarted):
            done = begin + 1
        elif isinstance(event, RoundDecided):
            done = end
        else:
            done = min(self._done + 1, end - 1)
        if done <= self._done:
            return None
        self._done = done
        return Progress(done, self._ends[-1])
