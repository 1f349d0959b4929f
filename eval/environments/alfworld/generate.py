"""Generate a game from its kind and its seed."""

from dataclasses import dataclass
from functools import cache

from ....errors import CopeError, suggest_names
from .kinds import TASK_KINDS, TaskKind
from .layout import LAMP, Facts, Layout, draw_layout
from .package import game_data, load
from .problem import write_problem


@dataclass(frozen=True)
class GeneratedGame:
    """A game that is generated.

    Attributes:
        task: what has to be achieved, as a sentence.
        data: the text of its file.
    """

    task: str
    data: str


def generate_game(kind: str, seed: int) -> GeneratedGame | None:
    """Return a game; None when the seed holds none of this kind.

    Args:
        kind: a name in `TASK_KINDS`.
        seed: the game depends on it and on the kind.

    Raises:
        CopeError: for an unknown kind.
    """
    if kind not in TASK_KINDS:
        raise CopeError(f"no kind of games is named {kind!r}: {suggest_names(kind, TASK_KINDS)}")
    chosen = TASK_KINDS[kind]
    facts = _facts()
    layout = draw_layout(chosen, seed, facts)
    if layout is None:
        return None
    task = _sentence(chosen, layout)
    problem = write_problem(layout, facts, _goal(chosen, layout), f"{kind}_{seed}")
    return GeneratedGame(task, game_data(problem, task))


def _goal(kind: TaskKind, layout: Layout) -> str:
    """Return the goal as PDDL; the library writes # for the minus before a type."""
    goal = load("alfworld.gen.goal_library").gdict[kind.goal]["pddl"]
    filled = goal.format(obj=layout.wanted, recep=layout.target, toggle=LAMP, mrecep="")
    return filled.replace("#", "-").strip()


def _sentence(kind: TaskKind, layout: Layout) -> str:
    """Return the task as the library says it."""
    template = load("alfworld.gen.goal_library").gdict[kind.goal]["templates"][0]
    wanted, target = layout.wanted.lower(), layout.target.lower()
    return template.format(obj=wanted, recep=target, toggle=LAMP.lower(), mrecep="")


@cache
def _facts() -> Facts:
    constants = load("alfworld.gen.constants")
    return Facts(constants.VAL_RECEPTACLE_OBJECTS, constants.VAL_ACTION_OBJECTS)
