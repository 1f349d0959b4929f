"""What a task may offer besides `Task`: options of the user, and parts that are tasks too."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import dspy

from ...errors import CopeError
from ...programs import Cascade, System
from ...programs.agent.settings import AgentSettings
from .base import Task, read_answers_of
from .options import TaskOptions


@runtime_checkable
class TakesOptions(Protocol):
    """A task that depends on some of the user's options."""

    def with_options(self, options: TaskOptions) -> Task:
        """Return the task with these options. Options that do not concern it are ignored."""
        ...


@runtime_checkable
class HasVariants(Protocol):
    """A task of which parts are tasks too, named as in `bbh:navigate`."""

    def with_variant(self, variant: str) -> Task:
        """Return a part of the task.

        Raises:
            CopeError: if there is no such part, with the nearest name.
        """
        ...


@runtime_checkable
class HasPlayer(Protocol):
    """A task whose questions take several steps, such as games."""

    def player(self, program: Cascade, settings: AgentSettings) -> System:
        """Return the system that answers a question with a program, step by step."""
        ...

    def steps_of(self, examples: Sequence[dspy.Example]) -> list[dspy.Example]:
        """Return the steps that solve questions, as questions of one step."""
        ...


def system_for(program: Cascade, task: Task, settings: AgentSettings | None = None) -> System:
    """Return the system that answers the questions of a task with a program.

    It is the program itself, unless a question takes several steps.

    Args:
        program: the program.
        task: the task, whose kind of answers the program reads.
        settings: the limits of a game.
    """
    program = read_answers_of(program, task)
    if isinstance(task, HasPlayer):
        return task.player(program, settings or AgentSettings())
    return program


def check_single_step(task: Task) -> None:
    """Raise `CopeError` for questions of several steps where only single ones will do."""
    if isinstance(task, HasPlayer):
        raise CopeError(
            f"the questions of {task.name} are games, which take many steps: name the steps of "
            f"solved games, as in {task.name}:steps"
        )
