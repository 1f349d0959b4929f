"""What a task may offer besides `Task`: options of the user, and parts that are tasks too."""

from typing import Protocol, runtime_checkable

from .base import Task
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
