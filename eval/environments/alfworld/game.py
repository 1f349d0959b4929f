"""Open and solve a game of ALFWorld: a generated one, or one from a file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from ....errors import CopeError
from ....programs.agent.environment import Game
from ..base import EnvironmentKind, Solution, follow, replay_state
from .generate import generate_game
from .package import check_alfworld, load
from .search import look_around, search_actions

_TASK = "Your task is to: "
_LONGEST_PLAN = 60  # actions


class AlfworldGame:
    """A game of ALFWorld in this process.

    Args:
        data: the text of the game's file.
        planner: whether the planner runs at each step. It is off while a model plays.
    """

    def __init__(self, data: str, planner: bool = False) -> None:
        self._data = data
        self._actions: list[str] = []
        self._seed = 0
        infos = load("textworld").EnvInfos(
            admissible_commands=True, won=True, feedback=True, policy_commands=planner
        )
        inner = load("textworld.envs.pddl").PddlEnv(infos)
        environment = load("alfworld.agents.environment.alfred_tw_env").AlfredDemangler(inner)
        with tempfile.TemporaryDirectory(prefix="cope-game-") as folder:
            file = Path(folder) / "game.tw-pddl"
            file.write_text(data, encoding="utf-8")
            environment.load(str(file))
        self._environment: Any = environment
        self._state: Any = None

    @property
    def admissible(self) -> Sequence[str]:
        """The actions that are possible now, without the help text."""
        found = [str(action).strip() for action in self._state.admissible_commands]
        return sorted(action for action in found if action != "help")

    @property
    def plan(self) -> list[str]:
        """The planner's actions from here to the end; empty without any."""
        return [str(action).strip() for action in self._state.policy_commands or []]

    @property
    def won(self) -> bool:
        """Whether the task is achieved."""
        return bool(self._state.won)

    def reset(self, seed: int = 0) -> str:
        """Start anew. The seed changes nothing, because the game is in its file."""
        self._actions, self._seed = [], seed
        self._state = self._environment.reset()
        return _without_banner(str(self._state.feedback))

    def step(self, action: str) -> tuple[str, float, bool]:
        """Take an action."""
        self._actions.append(action)
        self._state, _, done = self._environment.step(action)
        won = self.won
        return str(self._state.feedback).strip(), float(won), bool(done) or won

    def clone(self) -> Self:
        """Return the same game in the same state."""
        other = type(self)(self._data)
        replay_state(other, self._actions, self._seed)
        return other


def task_in(observation: str) -> str:
    """Return the task that the first observation of a game names; empty without one.

    >>> task_in("You are in a room.\\n\\nYour task is to: put a mug in desk.")
    'put a mug in desk.'
    """
    _, found, task = observation.partition(_TASK)
    return task.strip() if found else ""


def _without_banner(feedback: str) -> str:
    lines = [line for line in feedback.splitlines() if not line.startswith("-=")]
    return "\n".join(lines).strip()


def _data_of(game: Game) -> str:
    """Return the text of a game's file.

    Raises:
        CopeError: when the file cannot be read, or the seed holds no game.
    """
    if "file" in game:
        try:
            return Path(str(game["file"])).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CopeError(f"cannot read the game {game['file']}: {error}") from None
    made = generate_game(str(game["kind"]), int(game["seed"]))
    if made is None:
        raise CopeError(f"no game of kind {game['kind']} has the seed {game['seed']}")
    return made.data


def open_game(game: Game) -> AlfworldGame:
    """Open a game.

    Args:
        game: `kind` and `seed` of a generated game, or `file`.
    """
    return AlfworldGame(_data_of(game))


def solve_game(game: Game) -> Solution | None:
    """Return the planner's actions, if they win; None when there is no plan or no such game."""
    try:
        data = _data_of(game)
    except CopeError:
        return None
    solved = AlfworldGame(data, planner=True)
    task = task_in(solved.reset())
    return follow(AlfworldGame(data), task, solved.plan[:_LONGEST_PLAN])


def search_game(game: Game, solution: Solution) -> Solution | None:
    """Return a solution that looks for each object before it is taken, see `search_actions`."""
    played = AlfworldGame(_data_of(game))
    seen = look_around(played)
    return follow(played, solution.task, search_actions(played, solution, seen))


ALFWORLD = EnvironmentKind(
    path="cope.eval.environments.alfworld.game:ALFWORLD",
    open=open_game,
    solve=solve_game,
    check=check_alfworld,
    looks=("go", "open", "close", "examine", "look", "inventory"),
    search=search_game,
)
