"""Tasks whose questions are games, which an agent plays, or single steps of solved games."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

import dspy

from ...errors import CopeError, suggest_names
from ...programs import Cascade, System
from ...programs.agent.agent import Agent
from ...programs.agent.environment import Game, OpenGame
from ...programs.agent.history import PastStep
from ...programs.agent.offers import Offers
from ...programs.agent.settings import AgentSettings
from ...programs.agent.step import step_question
from ...programs.task_signature import INPUTS
from ..environments.base import Solution
from ..environments.play import play_actions
from ..environments.process import open_game
from ..environments.solved import SolvedGame, searched_games, solved_games
from .base import Score

STEPS = "steps"
"""The part of a task of games whose questions are the steps of solved games."""

_DEFAULT_GAMES = 20
_STEPS_OF_GAME = 6  # about, by which the games of a number of steps are estimated
_SPLITS = {"test": 0, "train": 1_000_000, "validation": 2_000_000}


class GameSource(Protocol):
    """Where the games of a task come from."""

    @property
    def parts(self) -> Sequence[str]:
        """The names of the kinds of games."""
        ...

    @property
    def published(self) -> Mapping[str, Path]:
        """The folders of published games by the name of their split; empty without any."""
        ...

    def games(self, start: int, part: str | None) -> Iterator[Game]:
        """Yield games without end, the same ones for the same start. Some may have no solution.

        Args:
            start: the first seed; those of splits are far apart.
            part: a kind of games; None for all in turn.
        """
        ...

    def files(self, folder: Path, part: str | None) -> list[Game]:
        """Return the games in a folder, or in a file."""
        ...

    def fields(self, game: Game, solution: Solution) -> dict[str, str]:
        """Return short texts about a game, such as its level, for `--by`."""
        ...


@dataclass(frozen=True)
class GameTask:
    """Games that a planner has solved before a model plays them.

    The answer is the actions that were taken, one a line. It is right when they win, which is seen
    by taking them in the game.

    Attributes:
        name: the name of the task on the command line.
        source: where the games come from.
        part: a kind of games; None for all.
        opener: opens a game.
    """

    name: str
    source: GameSource
    part: str | None = None
    opener: OpenGame = open_game
    domain: str = "agent"
    test_visibility: str = ""
    answer_kind: str = "action"
    is_generated: bool = True

    def with_variant(self, variant: str) -> "GameTask | StepTask":
        """Return the task of one kind of games, or of the steps of solved games.

        Raises:
            CopeError: for another part, with the nearest name.
        """
        if variant == STEPS:
            return StepTask(f"{self.name}-{STEPS}", self)
        if variant not in self.source.parts:
            known = (*self.source.parts, STEPS)
            raise CopeError(
                f"task {self.name!r} has no part {variant!r}: {suggest_names(variant, known)}"
            )
        return replace(self, name=f"{self.name}-{variant}", part=variant)

    def solved(self, split: str, limit: int | None, data: str | None) -> list[SolvedGame]:
        """Return solved games.

        Args:
            split: `train`, `validation` or `test`: seeds that are far apart; or the name of
                published games.
            limit: number of games; 20 if None.
            data: a folder of games, or a game's file, in place of generated ones.

        Raises:
            CopeError: for an unknown split, a missing package, or files without a game.
        """
        published = self.source.published
        if data is not None:
            games = iter(self.source.files(Path(data), self.part))
        elif split in published:
            games = iter(self.source.files(published[split], self.part))
        elif split in _SPLITS:
            games = self.source.games(_SPLITS[split], self.part)
        else:
            known = (*_SPLITS, *published)
            raise CopeError(f"{self.name} has no split {split!r}: {suggest_names(split, known)}")
        return solved_games(self.name, games, limit or _DEFAULT_GAMES)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Return games as examples, see `solved`; the answer is the planner's actions."""
        examples = []
        for number, one in enumerate(self.solved(split, limit, data)):
            example = dspy.Example(
                id=f"{self.name}-{split}-{number}",
                question=one.solution.task,
                answer="\n".join(one.solution.actions),
                game=dict(one.game),
                fields=self.source.fields(one.game, one.solution),
            )
            examples.append(example.with_inputs("question", "game"))
        return examples

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Return 1 when the actions of the answer win the game, else 0.

        An example of `steps_of` has the score of its action, see `StepTask`.
        """
        if "game" not in example:
            return score_step(example, answer)
        if answer is None:
            return Score(0.0, "No action was taken.")
        outcome = await play_actions(example.game, answer.splitlines(), self.opener)
        if outcome.won:
            return Score(1.0, f"The game is won in {len(answer.splitlines())} steps.")
        if outcome.failure:
            return Score(0.0, f"The game failed: {outcome.failure}.")
        best = len(example.answer.splitlines())
        return Score(
            0.0, f"The game is not won ({outcome.reward:.0%} of its points); {best} steps win it."
        )

    def player(self, program: Cascade, settings: AgentSettings) -> System:
        """Return the agent that plays the games with a program."""
        return Agent(program, self.opener, settings)

    def steps_of(self, examples: Sequence[dspy.Example]) -> list[dspy.Example]:
        """Return the steps that win games as examples, game by game.

        They look for each object before it is taken, where the planner knows where it is.
        """
        games: list[SolvedGame] = []
        for example in examples:
            games += solved_games(self.name, iter([dict(example.game)]), 1)
        rows: list[dspy.Example] = []
        for example, searched in zip(examples, searched_games(self.name, games), strict=True):
            name = str(example.get("id") or example.question)
            rows += step_examples(searched, name, dict(example.fields) | {"game": name})
        return rows


@dataclass(frozen=True)
class StepTask:
    """The steps of solved games as single questions: what is the next action?

    The right answer is the planner's action. Another one may be as good, so that the accuracy is a
    lower bound; what it is for is records, calibration and demonstrations by the step. The field
    `game` of a question names its game, which is its group.

    Attributes:
        name: the name of the task.
        games: the task of the games.
    """

    name: str
    games: GameTask
    domain: str = "agent"
    test_visibility: str = ""
    answer_kind: str = "action"
    is_generated: bool = True

    def with_variant(self, variant: str) -> Self:
        """Return the steps of one kind of games."""
        part = self.games.with_variant(variant)
        if isinstance(part, StepTask):
            raise CopeError(f"task {self.name!r} has no part {variant!r}")
        return replace(self, name=f"{part.name}-{STEPS}", games=part)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Return the steps of solved games, game by game.

        Args:
            split: see `GameTask.solved`.
            limit: the maximum number of steps; None for those of 20 games.
            data: see `GameTask.solved`.
        """
        count = _DEFAULT_GAMES if limit is None else limit // _STEPS_OF_GAME + 1
        games = self.games.solved(split, count, data)
        examples = self._steps(games, split)
        while limit is not None and len(examples) < limit and len(games) == count:
            count *= 2  # the games were short
            games = self.games.solved(split, count, data)
            examples = self._steps(games, split)
        return examples[:limit]

    def _steps(self, games: Sequence[SolvedGame], split: str) -> list[dspy.Example]:
        examples: list[dspy.Example] = []
        for number, one in enumerate(games):
            name = f"{self.games.name}-{split}-{number}"
            fields = self.games.source.fields(one.game, one.solution) | {"game": name}
            examples += step_examples(one.solution, name, fields)
        return examples

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Return 1 when the action is the planner's, else 0."""
        return score_step(example, answer)


def score_step(example: dspy.Example, answer: str | None) -> Score:
    """Return 1 when the action of a step is the planner's, else 0."""
    if answer is None:
        return Score(0.0, f"No possible action was named. {example.answer} leads to the goal.")
    if answer == example.answer:
        return Score(1.0, f"{answer} leads to the goal.")
    return Score(0.0, f"{answer} is not the best action; {example.answer} leads to the goal.")


def step_examples(
    solution: Solution, name: str, fields: dict[str, str], history_chars: int | None = None
) -> list[dspy.Example]:
    """Return the steps of a solution as examples, with the inputs that an agent would see.

    Args:
        solution: the steps that win.
        name: the name of the game.
        fields: short texts about the game.
        history_chars: the maximum characters of the history; None for an agent's own.
    """
    chars = history_chars or AgentSettings().history_chars
    examples: list[dspy.Example] = []
    past: list[PastStep] = []
    offers = Offers()
    for number, step in enumerate(solution.steps, 1):
        if past:
            past[-1] = PastStep(past[-1].action, step.observation)
        actions = offers.sort(step.admissible)
        first = solution.steps[0].observation
        inputs = step_question(solution.task, past, step.observation, actions, chars, first)
        example = dspy.Example(
            id=f"{name}-step-{number}",
            answer=step.action,
            fields=dict(fields),
            **inputs,
            **inputs[INPUTS],  # demonstrations show these
        )
        examples.append(example.with_inputs(*inputs))
        past.append(PastStep(step.action, ""))
        offers.take(step.action)
    return examples
