"""Games that TextWorld generates (Côté et al., arXiv 1806.11532), such as cooking."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from ...errors import CopeError
from ...programs.agent.environment import Game
from ...util.hashing import digest
from ...util.text import one_line
from .alfworld.package import check_packages, load
from .base import Environment, EnvironmentKind, Solution, follow, replay_state
from .game_cache import cache_folder

_LONGEST_PLAN = 100  # actions
_READ = "examine cookbook"
_STATUS = re.compile(r"(?P<room>-= .* =-)\s*(?P<points>-?\d+)/\d+")
"""The status line after each action: the room, the points, and the number of actions."""


class TextWorldGame:
    """A game of TextWorld in this process.

    Args:
        file: the compiled game.
        planner: whether the solution is followed. It is off while a model plays.
    """

    def __init__(self, file: Path, planner: bool = False) -> None:
        self._file = file
        self._actions: list[str] = []
        self._seed = 0
        textworld = load("textworld")
        infos = textworld.EnvInfos(
            admissible_commands=True,
            feedback=True,
            won=True,
            lost=True,
            score=True,
            max_score=True,
            objective=True,
            inventory=True,
            description=True,
            policy_commands=planner,
        )
        self._environment: Any = textworld.start(str(file), infos)
        self._state: Any = None

    @property
    def admissible(self) -> Sequence[str]:
        """The actions that are possible now."""
        return sorted(str(action).strip() for action in self._state.admissible_commands or [])

    @property
    def plan(self) -> list[str]:
        """The actions from here to the end; empty without any."""
        return [str(action).strip() for action in self._state.policy_commands or []]

    @property
    def task(self) -> str:
        """What has to be achieved."""
        return one_line(str(self._state.objective or "Win the game."))

    @property
    def won(self) -> bool:
        """Whether the game is won."""
        return bool(self._state.won)

    def reset(self, seed: int = 0) -> str:
        """Start anew, and return where the player is and what he carries."""
        self._actions, self._seed = [], seed
        self._environment.seed(seed)
        self._state = self._environment.reset()
        return observation_text(self._state.description, self._state.inventory)

    def step(self, action: str) -> tuple[str, float, bool]:
        """Take an action. The reward is the score as a share of the highest one."""
        self._actions.append(action)
        self._state, _, done = self._environment.step(action)
        highest = float(self._state.max_score or 1)
        reward = 1.0 if self.won else min(float(self._state.score or 0) / highest, 0.99)
        over = bool(done) or self.won or bool(self._state.lost)
        return observation_text(self._state.feedback), reward, over

    def clone(self) -> Self:
        """Return the same game in the same state."""
        other = type(self)(self._file)
        replay_state(other, self._actions, self._seed)
        return other


def observation_text(*texts: str | None) -> str:
    """Return texts without empty lines, marks of a prompt, and the number of actions.

    The status line counts the actions. With this count no two observations are equal, so that a
    game which runs in a circle would not be seen to do so.

    >>> print(observation_text("It is closed.\\n\\n>          -= Kitchen =-0/2"))
    It is closed.
    -= Kitchen =- points: 0
    """
    lines = []
    for text in texts:
        for line in str(text or "").splitlines():
            shown = line.strip(" >")
            status = _STATUS.fullmatch(shown)
            if status:
                shown = f"{status['room']} points: {status['points']}"
            if shown:
                lines.append(shown)
    return "\n".join(lines)


def compiled_game(game: Game) -> Path:
    """Return the file of a game; a generated one is compiled once, and kept in the user's cache.

    Args:
        game: `file`; or `challenge`, `settings` and `seed` of a game that TextWorld generates.
    """
    if "file" in game:
        file = Path(str(game["file"]))
        if not file.is_file():
            raise CopeError(f"there is no game {file}")
        return file
    folder = cache_folder("textworld")
    name = digest(game["challenge"], dict(game["settings"]), game["seed"])[:20]
    file = folder / f"{name}.z8"
    with FileLock(folder / f"{name}.lock"):
        if not file.exists():
            _compile(game, folder / f"{name}.new.z8")
            os.replace(folder / f"{name}.new.json", folder / f"{name}.json")
            os.replace(folder / f"{name}.new.z8", file)
    return file


def _compile(game: Game, file: Path) -> None:
    """Generate a game, and compile it to a file."""
    textworld = load("textworld")
    options = textworld.GameOptions()
    options.seeds = int(game["seed"])
    options.file_ext = ".z8"
    options.path = str(file)
    options.force_recompile = True
    _, make, _ = load("textworld.challenges").CHALLENGES[str(game["challenge"])]
    made = make(json.loads(json.dumps(dict(game["settings"]))), options)
    load("textworld.generator").compile_game(made, options)


def open_game(game: Game) -> TextWorldGame:
    """Open a game, see `compiled_game`."""
    return TextWorldGame(compiled_game(game))


def solve_game(game: Game) -> Solution | None:
    """Follow TextWorld's own solution; None when it does not win."""
    file = compiled_game(game)
    solved = TextWorldGame(file, planner=True)
    solved.reset()
    return follow(TextWorldGame(file), solved.task, _next_actions(solved))


def _next_actions(solved: TextWorldGame) -> Iterator[str]:
    """Yield the actions of a solution, which is worked out anew after each of them."""
    done = False
    for _ in range(_LONGEST_PLAN):
        if done or not solved.plan:
            return
        action = solved.plan[0]
        yield action
        _, _, done = solved.step(action)


def search_game(game: Game, solution: Solution) -> Solution | None:
    """Return a solution that reads the recipe first, which TextWorld's own solution knows."""
    played = TextWorldGame(compiled_game(game))
    return follow(played, solution.task, read_first(played, solution.actions))


def read_first(environment: Environment, actions: Iterable[str]) -> Iterator[str]:
    """Yield actions, and as soon as it is possible that of reading the recipe.

    Args:
        environment: the game, in which the actions are taken while they are yielded.
        actions: the actions of a solution.
    """
    has_read = False
    for action in actions:
        if not has_read and _READ in environment.admissible:
            has_read = True
            if action != _READ:
                yield _READ
        yield action


def _check() -> None:
    check_packages("textworld")


TEXTWORLD = EnvironmentKind(
    path="cope.eval.environments.textworld_game:TEXTWORLD",
    open=open_game,
    solve=solve_game,
    check=_check,
    looks=("examine", "look", "inventory"),
    search=search_game,
)
