"""Play one attempt at a game: ask the cascade at each step, and take the action that it chose."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import dspy

from ...models import Meter
from ...models.ledger import step_of_calls
from ..cascade import Cascade
from ..results import usage_summary
from ..round_scope import use_rounds
from .environment import GameFailed, PlayedGame, Turn
from .history import PastStep
from .loops import LoopGuard
from .offers import Offers
from .records import (
    ESCALATED,
    LOOP,
    LOST,
    STEPS,
    TOKENS,
    UNREAD,
    WON,
    StepRecord,
    written_text,
)
from .settings import AgentSettings
from .step import step_question

OnStep = Callable[[StepRecord], None]

_MOST_UNREAD = 3  # successive steps without a readable action


@dataclass
class Attempt:
    """What happened in one attempt.

    Attributes:
        number: from 1.
        steps: a record of each step; the last one says why the attempt ended.
        actions: the actions that were taken.
        latest_round: the last round that answered a step.
        end: why the attempt ended.
    """

    number: int
    steps: list[StepRecord] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    latest_round: int = 1
    end: str = ""


class Episode:
    """One attempt at a game.

    Args:
        program: chooses the actions.
        settings: the limits.
        task: what has to be achieved.
        meter: counts the calls of all attempts.
        on_step: receives the record of each step.
        attempt: the number of the attempt, from 1.
    """

    def __init__(
        self,
        program: Cascade,
        settings: AgentSettings,
        task: str,
        meter: Meter,
        on_step: OnStep,
        attempt: int,
    ) -> None:
        self._program, self._settings, self._task = program, settings, task
        self._meter, self._on_step = meter, on_step
        self._first = attempt if settings.escalate == "episode" else 1
        self._past: list[PastStep] = []
        self._opening = ""  # what was seen at the start
        self._offers = Offers()
        self._unread = 0
        self.made = Attempt(attempt)

    async def play(self, game: PlayedGame) -> Attempt:
        """Play until the game is over or a limit is reached. A game that fails ends the attempt."""
        turn = Turn("", ())
        self._guard = LoopGuard(self._settings.patience, game.looks)
        try:
            turn = await game.reset()
            self._opening = turn.observation
            self._guard.see(turn)
            while not self._end(turn):
                turn = await self._step(game, turn)
        except GameFailed as error:
            self.made.end = f"the game failed: {error}"
        record = self._add(turn, None)
        record["end"] = self.made.end
        self._on_step(record)
        return self.made

    def _end(self, turn: Turn) -> str:
        """Return why the attempt ends before its next step; empty if it goes on."""
        made, settings = self.made, self._settings
        if turn.done:
            made.end = WON if turn.won else LOST
        elif made.end == ESCALATED:
            pass
        elif len(self._past) >= settings.max_steps:
            made.end = STEPS
        elif settings.episode_tokens is not None and self._tokens() >= settings.episode_tokens:
            made.end = TOKENS
        elif self._guard.is_stuck or not self._guard.offered(turn):
            made.end = LOOP
        elif self._unread >= _MOST_UNREAD:
            made.end = UNREAD
        return made.end

    def _tokens(self) -> int:
        counts = (
            (call.prompt_tokens or 0, call.completion_tokens or 0) for call in self._meter.calls
        )
        return sum(read + written for read, written in counts)

    async def _step(self, game: PlayedGame, turn: Turn) -> Turn:
        """Choose an action, keep the record of the step, and take it; return the next state."""
        began, before = time.perf_counter(), len(self._meter.calls)
        offered = self._offers.sort(self._guard.offered(turn))
        started = self._first
        decided = await self._decide(turn, offered)
        action: str | None = decided.answer
        self.made.latest_round = max(self.made.latest_round, decided.round)
        if self._restarts(decided):
            self.made.end, action = ESCALATED, None
        elif self._settings.escalate == "stay":
            self._first = decided.round
        record = self._add(turn, action)
        record["offered"], record["started"] = len(offered), started
        record["rounds"] = decided.rounds
        record["usage"] = usage_summary(Meter(self._meter.calls[before:]))["usage"]
        record["seconds"] = time.perf_counter() - began
        self._on_step(record)
        after = turn
        if action is not None:
            self._guard.take(turn, action)
            self._offers.take(action)
            self.made.actions.append(action)
            after = await game.step(action)
            self._guard.see(after)
        self._unread = self._unread + 1 if action is None else 0
        said = written_text(decided.rounds) if action is None else ""
        self._past.append(PastStep(action, after.observation, said))
        return after

    async def _decide(self, turn: Turn, offered: list[str]) -> dspy.Prediction:
        question = step_question(
            self._task,
            self._past,
            turn.observation,
            offered,
            self._settings.history_chars,
            self._opening,
        )
        restarts = self._settings.escalate == "episode"
        last = self._first if restarts else None
        with use_rounds(self._first, last), step_of_calls(len(self._past) + 1):
            return await self._program.acall(**question)

    def _restarts(self, decided: dspy.Prediction) -> bool:
        """Return whether the game starts again with the next round."""
        if self._settings.escalate != "episode":
            return False
        return not decided.rounds[-1]["accepted"] and self._first < len(self._program.stages)

    def _add(self, turn: Turn, action: str | None) -> StepRecord:
        """Add the record of a step, and return it."""
        record: StepRecord = {
            "attempt": self.made.number,
            "step": len(self.made.steps) + 1,
            "observation": turn.observation,
            "action": action,
            "reward": turn.reward,
        }
        self.made.steps.append(record)
        return record
