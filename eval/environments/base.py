"""The interface of games, and of what opens and solves them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from ...programs.agent.environment import Game


class Environment(Protocol):
    """A game in its own process. It is synchronous, because one process plays one game."""

    @property
    def admissible(self) -> Sequence[str]:
        """The actions that are possible now."""
        ...

    def reset(self, seed: int = 0) -> str:
        """Start anew, and return the first observation."""
        ...

    def step(self, action: str) -> tuple[str, float, bool]:
        """Take an action.

        Returns:
            What it led to, without a count of actions, because an episode runs in a circle when
            the same observations come again; the share of the game's points so far, 0 to 1;
            whether it is over.
        """
        ...

    def clone(self) -> Self:
        """Return the same game in the same state, independent of this one; for tests."""
        ...


@dataclass(frozen=True)
class SolvedStep:
    """A step of a solution: what the player sees, what is possible, and the action that wins."""

    observation: str
    admissible: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class Solution:
    """How a game is won.

    Attributes:
        task: what has to be achieved, as a sentence.
        steps: a sequence of steps that wins.
    """

    task: str
    steps: tuple[SolvedStep, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions in order."""
        return tuple(step.action for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        steps = [[step.observation, list(step.admissible), step.action] for step in self.steps]
        return {"task": self.task, "steps": steps}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the solution that `as_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: when it is none.
        """
        steps = []
        for observation, admissible, action in plain["steps"]:
            steps.append(SolvedStep(str(observation), tuple(map(str, admissible)), str(action)))
        return cls(str(plain["task"]), tuple(steps))


def follow(environment: Environment, task: str, actions: Iterable[str]) -> Solution | None:
    """Take actions in a game that was reset; return the steps, or None when they do not win.

    Args:
        environment: the game.
        task: what has to be achieved.
        actions: the actions; they may depend on the state.
    """
    steps: list[SolvedStep] = []
    observation = environment.reset()
    for action in actions:
        steps.append(SolvedStep(observation, tuple(environment.admissible), action))
        observation, reward, done = environment.step(action)
        if done:
            return Solution(task, tuple(steps)) if reward >= 1.0 else None
    return None


@dataclass(frozen=True)
class EnvironmentKind:
    """A kind of games. Another package adds one by an entry point:

        [project.entry-points."cope.environments"]
        maze = "my_package.maze:MAZE"

    Attributes:
        path: where it is imported from in the process of a game, as `module:NAME`.
        open: opens a game from plain data.
        solve: finds a sequence of actions that wins, by a planner; None when the game cannot be
            won.
        check: raises `CopeError` where a package is missing.
        looks: the first words of actions that only look: taken twice, they show the same, unless
            another action has changed something.
        search: wins a solved game as a player does who does not know where things are; None where
            the solution does so already.
    """

    path: str
    open: Callable[[Game], Environment]
    solve: Callable[[Game], Solution | None]
    check: Callable[[], None] = lambda: None
    looks: tuple[str, ...] = ()
    search: Callable[[Game, Solution], Solution | None] | None = None


def replay_state(environment: Environment, actions: Sequence[str], seed: int = 0) -> None:
    """Bring a game into the state after some actions. It serves `clone`."""
    environment.reset(seed)
    for action in actions:
        environment.step(action)
