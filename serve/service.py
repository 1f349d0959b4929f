"""The service: a question in, a stream of the cascade's events out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import dspy

from ..errors import CopeError
from ..models import Team
from ..models.admission import Halt
from ..models.spending import use_gate
from ..models.tier_error import unknown_tier_error
from ..models.token_report import TokenReport, use_token_report
from ..programs import Cascade
from ..programs.domains.registry import domain_by_name
from ..programs.events import AnswerText, Event, use_observer
from ..programs.options import ProgramOptions, TeamOptions
from ..programs.preset import preset_names
from ..programs.preset_fit import preset_misfit
from ..programs.resolve import (
    Notify,
    ignore,
    named_answer_kind,
    resolve_calibrated_cascade,
    resolve_cascade,
    resolve_team,
)
from ..util.json_types import JsonObject
from .adapted import adapt
from .errors import as_api_error, unknown_model
from .question import SERVED as SERVED, Question as Question

SHORTCUT = "cope/shortcut"
"""The name of the tier that answers requests for titles and tags; it is in no list."""

_FREE_TEXT = "open"


@dataclass(frozen=True)
class KeepAlive:
    """Nothing happened for a while, and the work continues."""


@dataclass(frozen=True)
class Finished:
    """The question is answered.

    Attributes:
        prediction: that of the cascade.
        tokens: the tokens of the answer with their log-probabilities, where they were asked for.
        rounds: the events of its rounds, without the parts of the answer.
    """

    prediction: dspy.Prediction
    tokens: tuple[JsonObject, ...] = ()
    rounds: tuple[Event, ...] = ()


ServiceEvent = Event | KeepAlive | Finished


ServiceObserver = Callable[[Question, ServiceEvent], None]
"""Receives every event of every question, before the client does."""


class Service:
    """Answers questions with a program, with other presets, and with single tiers.

    Args:
        program: the cascade that is served.
        others: further cascades, by the names under which they are asked.
        shortcut: the tier that alone answers what chat front ends ask for themselves, such as
            titles; None for the program.

    Attributes:
        program: the cascade that is served.
        observers: receive every event, for metrics, logs and records.
        span: returns the context in which a question is answered, for traces.
    """

    def __init__(
        self,
        program: Cascade,
        others: Mapping[str, Cascade] | None = None,
        shortcut: str | None = None,
    ) -> None:
        self.program = program
        self.observers: list[ServiceObserver] = []
        self.span: Callable[[Question], AbstractContextManager[None]] = _no_span
        self._cascades = {SERVED: program}
        for name, cascade in (others or {}).items():
            self._cascades[f"{SERVED}/{name}"] = cascade
        self._shortcut: Cascade | None = None
        if shortcut is not None:
            if shortcut not in program.team.tiers:
                raise unknown_tier_error(shortcut, program.team.tiers)
            self._shortcut = Cascade(shortcut, program.team, domain=_FREE_TEXT)

    @classmethod
    def from_options(
        cls,
        program: ProgramOptions,
        team_options: TeamOptions,
        domain: str,
        *,
        team: Team | None = None,
        notify: Notify = ignore,
        shortcut: str | None = None,
    ) -> "Service":
        """Build the service that options name: the program, every preset, and every tier alone.

        Args:
            program: the options of the program.
            team_options: those of the team.
            domain: the kind of questions.
            team: the tiers; None builds those of the options.
            notify: receives lines about a bundled program and a calibration.
            shortcut: the tier that answers requests for titles and tags; None for the program.

        Raises:
            CopeError: for options that do not fit together.
        """
        team = team or resolve_team(team_options)
        resolved = resolve_calibrated_cascade(program, team_options, team, domain, notify=notify)
        kind = named_answer_kind(resolved)
        plain = ProgramOptions(
            seed=program.seed, early_stop=program.early_stop, unsafe_code=program.unsafe_code
        )
        others: dict[str, Cascade] = {}
        for name in dict.fromkeys([*preset_names(), *team.tiers]):
            other = replace(plain, preset=name)
            try:
                cascade = resolve_cascade(other, team, domain).with_answer_kind(kind)
            except CopeError:  # the preset needs another tier or another kind of questions
                continue
            if preset_misfit(cascade.preset, domain_by_name(domain)) is None:
                others[name] = cascade
        return cls(resolved.cascade.with_answer_kind(kind), others, shortcut=shortcut)

    @property
    def has_shortcut(self) -> bool:
        """Whether a small tier answers what chat front ends ask for themselves."""
        return self._shortcut is not None

    @property
    def model_names(self) -> list[str]:
        """The names of the served models."""
        return list(self._cascades)

    def cascade(self, name: str) -> Cascade:
        """Return the cascade that a model's name means.

        Raises:
            ApiError: when none is served under this name.
        """
        if name == SHORTCUT and self._shortcut is not None:
            return self._shortcut
        if name not in self._cascades:
            raise unknown_model(name, self.model_names)
        return self._cascades[name]

    def adapted(self, question: Question) -> Cascade:
        """Return the cascade for a question, with the settings of its request.

        Raises:
            ApiError: when no such model is served, or it cannot answer in the form that is asked
                for.
        """
        return adapt(self.cascade(question.model), question)

    async def events(
        self, question: Question, keep_alive: float | None = None
    ) -> AsyncGenerator[ServiceEvent]:
        """Answer a question, and yield the events of the cascade as they happen.

        The last event is `Finished`. Closing the iterator cancels the work at the engine.

        Args:
            question: the question with the settings of its request.
            keep_alive: seconds without an event after which a `KeepAlive` is yielded; None for
                never.

        Raises:
            ApiError: when no such model is served.
            CopeError: for a question that cannot be answered.
            dspy.LMError: when a model fails.
        """
        happened: asyncio.Queue[Event | KeepAlive | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self.answer(question, happened.put_nowait))
        work.add_done_callback(lambda _: happened.put_nowait(None))
        try:
            while True:
                timer = None
                if keep_alive is not None:  # a timer, because `wait_for` makes a task each time
                    timer = loop.call_later(keep_alive, happened.put_nowait, KeepAlive())
                event = await happened.get()
                if timer is not None:
                    timer.cancel()
                if event is None:
                    break
                yield event
            yield work.result()
        finally:
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def answer(self, question: Question, on_event: Callable[[Event], None]) -> Finished:
        """Answer a question.

        Args:
            question: the question with the settings of its request.
            on_event: receives the events of the cascade as they happen.

        Raises:
            ApiError: when no such model is served.
            CopeError: for a question that cannot be answered.
            dspy.LMError: when a model fails.
        """
        cascade = self.adapted(question)
        rounds: list[Event] = []
        report: TokenReport | None = None
        if question.alternatives is not None:
            report = TokenReport(question.alternatives)

        def observe(event: Event) -> None:
            self._observe(question, event)
            if not isinstance(event, AnswerText):
                rounds.append(event)
            on_event(event)

        with (
            dspy.context(disable_history=True, trace=None),  # both grow with every request
            self.span(question),
            use_observer(observe),
            use_gate(question.gate),
            use_token_report(report),
        ):
            try:
                prediction = await cascade.acall(question=question.text)
            except Halt as halt:  # it would end the whole server
                raise as_api_error(halt) from None
        finished = Finished(prediction, tuple(report.tokens) if report else (), tuple(rounds))
        self._observe(question, finished)
        return finished

    def _observe(self, question: Question, event: ServiceEvent) -> None:
        for observer in self.observers:
            observer(question, event)


def _no_span(question: Question) -> AbstractContextManager[None]:
    return nullcontext()
