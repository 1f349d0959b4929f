"""What a user chooses of a task: options, such as which tests a model sees, and parts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from .columns import ColumnMapping

if TYPE_CHECKING:
    from .base import Task

Visible = Literal["one", "all"]


@dataclass(frozen=True)
class TaskOptions:
    """Options that `task_by_name` passes to a task that takes any of them.

    Attributes:
        visible: which tests of a program models see, if the task allows a choice.
        unsafe: whether model-written programs run without a sandbox.
        require_answers: whether every row of a local copy must have an answer. A row without an
            answer is not scored.
        match: how answers are read and compared, a name in `ANSWER_KINDS`; None uses the
            task's own.
        columns: the columns of the user's table; None takes them by their names.
    """

    visible: Visible = "one"
    unsafe: bool = False
    require_answers: bool = True
    match: str | None = None
    columns: ColumnMapping | None = None


@runtime_checkable
class TakesOptions(Protocol):
    """A task that depends on some of the user's options."""

    def with_options(self, options: TaskOptions) -> "Task":
        """Return the task with these options. Options that do not concern it are ignored."""
        ...


@runtime_checkable
class HasVariants(Protocol):
    """A task of which parts are tasks too, named as in `bbh:navigate`."""

    def with_variant(self, variant: str) -> "Task":
        """Return a part of the task.

        Raises:
            CopeError: if there is no such part, with the nearest name.
        """
        ...
