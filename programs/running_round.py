"""Follow the rounds of one question while they run."""

import threading
import time
from typing import TYPE_CHECKING

from ..models.engines.base import LocalEngine
from ..models.loading import embedded_engines, engine_label, load_in_background
from ..util.text import one_line
from .events import Event, Planned, RoundDecided, RoundStarted, SampleCounted
from .round_text import (
    describe_plan_inputs,
    describe_plans,
    describe_threshold,
    describe_times,
)

if TYPE_CHECKING:
    from .cascade import Cascade
    from .preset_round import Round


class RunningRound:
    """Observe a cascade, and hold the state of its running round. Subclasses show it.

    An observer for `use_observer`. Events come on the thread on which the cascade runs. Models that
    only a later round asks are loaded when that round starts.

    Attributes:
        lock: held while the state changes.
        began: the round's start, in seconds of `time.monotonic`.
        number: the round's, from 1; 0 before the first.
        plans: the plans so far, each on one line.
        asked: the samples so far.
        unread: those of them without an answer.
        votes: the votes of each answer, each on one line.
        loading: the seconds that each model took to load; None while it loads.
    """

    def __init__(self, cascade: "Cascade") -> None:
        self.cascade = cascade
        first = cascade.preset.rounds[0]
        self._loaded = {id(engine) for engine in self._engines(first.planner, first.reasoner)}
        self.lock = threading.RLock()
        self.began = 0.0
        self.number = 0
        self.plans: list[str] = []
        self.asked = 0
        self.unread = 0
        self.votes: dict[str, int] = {}
        self.loading: dict[str, float | None] = {}

    def __call__(self, event: Event) -> None:
        with self.lock:
            match event:
                case RoundStarted():
                    self.on_round_started(event)
                case Planned():
                    self.on_planned(event)
                case SampleCounted():
                    self.on_sample_counted(event)
                case RoundDecided():
                    self.on_round_decided(event)

    @property
    def spec(self) -> "Round":
        """The preset's entry of the running round."""
        return self.cascade.preset.rounds[self.number - 1]

    def on_round_started(self, event: RoundStarted) -> None:
        self.began, self.number = time.monotonic(), event.round
        self.plans, self.asked, self.unread, self.votes = [], 0, 0, {}
        asked = self._engines(event.planner, event.reasoner)
        fresh = [engine for engine in asked if id(engine) not in self._loaded]
        self.loading = {engine_label(engine): None for engine in fresh}
        self.on_start()
        for engine in fresh:
            self._loaded.add(id(engine))
            load_in_background(engine, self.on_loaded)

    def _engines(self, *tiers: str | None) -> list[LocalEngine]:
        return embedded_engines(self.cascade.team, filter(None, tiers))

    def on_start(self) -> None:
        """Show that the round begins.

        It is called before models are loaded, because a load blocks everything else for seconds.
        """

    def on_loaded(self, engine: LocalEngine, seconds: float) -> None:
        with self.lock:
            self.loading[engine_label(engine)] = seconds

    def on_planned(self, event: Planned) -> None:
        self.plans.append(one_line(event.plan))

    def on_sample_counted(self, event: SampleCounted) -> None:
        self.asked += 1
        self.unread += event.answer is None
        self.votes = {one_line(answer): votes for answer, votes in event.votes.items()}

    def on_round_decided(self, event: RoundDecided) -> None:
        self.votes = {one_line(answer): votes for answer, votes in event.votes.items()}

    def headline(self) -> str:
        """Return the round's tiers and samples, and the share of votes that it needs."""
        spec = self.spec
        solver = "then" if spec.planner == spec.reasoner else self._tier_label(spec.reasoner)
        parts = []
        if spec.planner:
            parts.append(f"{self._tier_label(spec.planner)} writes {describe_plans(spec)}")
        times = "" if spec.plans > 1 else describe_times(spec)
        parts.append(f"{solver} solves {times}".rstrip() + describe_plan_inputs(spec, self.number))
        if spec.threshold is not None:
            parts.append(describe_threshold(spec, self.cascade.domain))
        return ", ".join(parts)

    def _tier_label(self, tier: str | None) -> str:
        return f"{tier} ({self.cascade.team[tier].model})" if tier else ""

    def decision_text(self, event: RoundDecided) -> str:
        """Return the gate's decision as text."""
        if event.accepted:
            # An answer that is explained, such as a program, is not a line.
            answer = "" if event.explanation else f" {one_line(event.answer or '')}"
            return f"accepted{answer}: {event.reason}"
        last = event.round == len(self.cascade.preset.rounds)
        return event.reason if last else f"escalated: {event.reason}"
