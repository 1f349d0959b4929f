"""Describe the rounds of one question by a line for each event, while they run."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..models.engines.base import LocalEngine
from ..models.loading import engine_label
from ..util.text import one_line
from .events import Planned, RoundDecided, SampleCounted
from .running_round import RunningRound

if TYPE_CHECKING:
    from .cascade import Cascade


class RoundLines(RunningRound):
    """Describe each event of a cascade by a line, for a log or a notebook.

    Args:
        cascade: the cascade to observe.
        write: receives each line.

    >>> from cope.models import ScriptedEngine, Team
    >>> from cope.programs import Cascade
    >>> from cope.programs.events import use_observer
    >>> engine = ScriptedEngine(lambda messages, request: "Answer: 4")
    >>> cascade = Cascade("small", Team(engine, engine, cache=False))
    >>> with use_observer(RoundLines(cascade, print)):  # doctest: +ELLIPSIS
    ...     prediction = cascade(question="What is 2 + 2?")
    round 1: small (engine/ScriptedEngine-small) solves once
    round 1: vote 1 of 1: 4  (4: 1)
    round 1: accepted 4: the last round answers  (... s)
    """

    def __init__(self, cascade: "Cascade", write: Callable[[str], None]) -> None:
        super().__init__(cascade)
        self._write = write

    def on_start(self) -> None:
        self.say(self.headline())
        for name in self.loading:
            self.say(f"loading {name} ...")

    def on_loaded(self, engine: LocalEngine, seconds: float) -> None:
        super().on_loaded(engine, seconds)
        self.say(f"loaded {engine_label(engine)} in {seconds:.1f} s")

    def on_planned(self, event: Planned) -> None:
        super().on_planned(event)
        number = f" {len(self.plans)} of {self.spec.plans}" if self.spec.plans > 1 else ""
        self.say(f"plan{number}: {one_line(event.plan)}")

    def on_sample_counted(self, event: SampleCounted) -> None:
        super().on_sample_counted(event)
        votes = ", ".join(f"{answer}: {votes}" for answer, votes in self.votes.items())
        answer = "no answer could be read" if event.answer is None else one_line(event.answer)
        counts = f"  ({votes})" if votes else ""
        self.say(f"vote {self.asked} of {self.spec.samples}: {answer}{counts}")

    def on_round_decided(self, event: RoundDecided) -> None:
        super().on_round_decided(event)
        self.say(f"{self.decision_text(event)}  ({time.monotonic() - self.began:.1f} s)")
        if not event.accepted and event.plan:
            self.say(f"forwards the plan: {one_line(event.plan)}")

    def say(self, text: str) -> None:
        """Write a line about the running round."""
        self._write(f"round {self.number}: {text}")
