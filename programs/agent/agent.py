"""An agent: a system that plays a game, with a cascade that chooses each action."""

from collections.abc import Iterable
from typing import Any

import dspy

from ...models import metered
from ...util.hashing import digest
from ..cascade import Cascade
from ..systems.stage import Stage
from .environment import Game, OpenGame
from .episode import Attempt, Episode, OnStep
from .records import ESCALATED, StepRecord
from .settings import AgentSettings

MOST_IN_FLIGHT = 8  # games at once, each with a process of its own


def _ignore(step: StepRecord) -> None:
    """Do nothing with a step."""


class Agent:
    """Plays games: each step is a question, which the rounds of a cascade answer with an action.

    A step has samples, votes, confidence and gates as any other question has. The cascade knows
    nothing of games. The answer of an agent is the actions that it took, one a line.

    Args:
        program: chooses the actions, for questions of kind `agent`.
        open_game: opens a game.
        settings: the limits of an episode.
        on_step: receives the record of each step as it is made.
    """

    def __init__(
        self,
        program: Cascade,
        open_game: OpenGame,
        settings: AgentSettings | None = None,
        on_step: OnStep = _ignore,
    ) -> None:
        self.program = program
        self.agent_settings = settings or AgentSettings()
        self._open_game, self._on_step = open_game, on_step

    @property
    def name(self) -> str:
        """The name of the program."""
        return self.program.name

    @property
    def domain(self) -> str:
        """The kind of questions: steps of a game."""
        return self.program.domain

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers of the program."""
        return self.program.tiers

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The rounds of the program."""
        return self.program.stages

    async def acall(self, question: str, game: Game, **_: Any) -> dspy.Prediction:
        """Play a game.

        Args:
            question: what has to be achieved.
            game: the game as plain data.

        Returns:
            A prediction with `answer` (the actions of the last attempt, one a line; None without
            any), `round` (the last round that answered a step), `confidence` (the mean of the steps
            of the last attempt), `steps` (a `StepRecord` of each) and `end` (why it ended).

        Raises:
            dspy.LMError: when a model fails. A game that fails is a failed episode and no error.
        """
        attempts: list[Attempt] = []
        with metered() as meter:
            while not attempts or attempts[-1].end == ESCALATED:
                episode = Episode(
                    self.program,
                    self.agent_settings,
                    question,
                    meter,
                    self._on_step,
                    len(attempts) + 1,
                )
                async with self._open_game(game) as opened:
                    attempts.append(await episode.play(opened))
        last = attempts[-1]
        steps = [step for attempt in attempts for step in attempt.steps]
        return dspy.Prediction(
            answer="\n".join(last.actions) or None,
            round=max(attempt.latest_round for attempt in attempts),
            confidence=mean_confidence(last.steps),
            steps=steps,
            end=last.end,
        )

    def fingerprint(self) -> str:
        """Return a digest of the program and the limits."""
        return digest(self.program.fingerprint(), self.agent_settings.as_dict())

    def settings(self) -> dict[str, Any]:
        """Return the settings of the program, and the limits under `agent`."""
        return self.program.settings() | {"agent": self.agent_settings.as_dict()}

    def concurrency(self) -> int:
        """Return how many games are played at once: as many as the first tier has slots for.

        One more would keep the tier busier, but it takes the slot of another game whenever it is
        free, and with it the beginning of that game's prompt, which would be read again.
        """
        return max(1, min(MOST_IN_FLIGHT, self.program.concurrency() - 1))


def mean_confidence(steps: Iterable[StepRecord]) -> float | None:
    """Return the mean confidence of the steps that models decided; None without any."""
    found = []
    for step in steps:
        rounds = step.get("rounds")
        if rounds:
            found.append(rounds[-1]["confidence"])
    return sum(found) / len(found) if found else None
