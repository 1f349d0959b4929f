"""The rounds of one question while they run: a base class, and one line for each event."""

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ...models.loading import embedded_engines, engine_label, load_in_background
from ...programs.domains.registry import domain_by_name
from ...programs.events import Event, Planned, RoundDecided, RoundStarted, SampleCounted
from ...programs.round_text import (
    describe_plan_inputs,
    describe_plans,
    describe_threshold,
    describe_times,
)
from ...util.text import one_line

if TYPE_CHECKING:
    from ...programs import Cascade


class RoundDisplay:
    """Holds the state of the running round; subclasses show it.

    Events come on the thread on which the cascade runs.
    """

    def __init__(self, cascade: "Cascade") -> None:
        self.cascade = cascade
        self._domain = domain_by_name(cascade.domain)
        first = cascade.preset.rounds[0]
        self._loaded = {
            id(e)
            for e in embedded_engines(cascade.team, filter(None, (first.planner, first.reasoner)))
        }
        self.lock = threading.RLock()
        self.began = 0.0
        self.number = 0
        self.plans: list[str] = []
        self.asked = 0
        self.unread = 0
        self.votes: dict[str, int] = {}
        self.loading: dict[str, float | None] = {}  # model to seconds, None while it loads

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
    def spec(self) -> Any:
        """The round's data."""
        return self.cascade.preset.rounds[self.number - 1]

    def on_round_started(self, event: RoundStarted) -> None:
        self.began, self.number = time.monotonic(), event.round
        self.plans, self.asked, self.unread, self.votes = [], 0, 0, {}
        asked = embedded_engines(self.cascade.team, filter(None, (event.planner, event.reasoner)))
        fresh = [engine for engine in asked if id(engine) not in self._loaded]
        self.loading = {engine_label(engine): None for engine in fresh}
        self.on_start()
        for engine in fresh:
            self._loaded.add(id(engine))
            load_in_background(engine, self._loaded_now)

    def on_start(self) -> None:
        """Show that the round begins.

        It is called before models are loaded, because a load blocks everything else for seconds.
        """

    def _loaded_now(self, engine: Any, seconds: float) -> None:
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
            said = (
                "" if event.explanation else f" {one_line(event.answer or '')}"
            )  # a program is no line
            return f"accepted{said}: {event.reason}"
        last = event.round == len(self.cascade.preset.rounds)
        return event.reason if last else f"escalated: {event.reason}"


class PlainRoundDisplay(RoundDisplay):
    """One plain line on stderr for each event."""

    def on_start(self) -> None:
        self.say(self.headline())
        for name in self.loading:
            self.say(f"loading {name} ...")

    def _loaded_now(self, engine: Any, seconds: float) -> None:
        super()._loaded_now(engine, seconds)
        self.say(f"loaded {engine_label(engine)} in {seconds:.1f} s")

    def on_planned(self, event: Planned) -> None:
        super().on_planned(event)
        number = f" {len(self.plans)} of {self.spec.plans}" if self.spec.plans > 1 else ""
        self.say(f"plan{number}: {one_line(event.plan)}")

    def on_sample_counted(self, event: SampleCounted) -> None:
        super().on_sample_counted(event)
        votes = ", ".join(f"{answer}: {votes}" for answer, votes in self.votes.items())
        answer = "no answer could be read" if event.answer is None else one_line(event.answer)
        self.say(
            f"vote {self.asked} of {self.spec.samples}: {answer}"
            + (f"  ({votes})" if votes else "")
        )

    def on_round_decided(self, event: RoundDecided) -> None:
        super().on_round_decided(event)
        self.say(f"{self.decision_text(event)}  ({time.monotonic() - self.began:.1f} s)")
        if not event.accepted and event.plan:
            self.say(f"forwards the plan: {one_line(event.plan)}")

    def say(self, text: str) -> None:
        print(f"round {self.number}: {text}", file=sys.stderr, flush=True)
