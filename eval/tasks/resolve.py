"""Build the task that options name: by name, by a domain, or from the user's own file."""

from typing import TYPE_CHECKING, Protocol

from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from .columns import ColumnMapping
from .options import TaskOptions, Visible
from .registry import TASKS, USER_TASK, known_tasks, task_by_name, with_task_options

if TYPE_CHECKING:
    from .base import Task
    from .task_file import TaskFile


class QuestionOptions(Protocol):
    """The options of a command that decide its task."""

    @property
    def data(self) -> str | None: ...
    @property
    def visible(self) -> Visible: ...
    @property
    def match(self) -> str | None: ...
    @property
    def columns(self) -> ColumnMapping | None: ...
    @property
    def domain(self) -> str | None: ...
    @property
    def task_file(self) -> "TaskFile | None": ...


def resolve_task(
    name: str | None, options: QuestionOptions, unsafe: bool = False, require_answers: bool = True
) -> "Task":
    """Return the task that options name.

    Args:
        name: a name, see `task_by_name`; None for the task of the user's file.
        options: the other options.
        unsafe: whether programs run without a sandbox.
        require_answers: whether every row of a local copy must have an answer.

    Raises:
        CopeError: if there is no such task, or it does not take an option.
    """
    if options.task_file is not None:
        if options.domain is not None:
            raise CopeError("--task-file has a domain of its own: leave out --domain")
        task = options.task_file.task_named(name)
        given = TaskOptions(
            options.visible, unsafe, require_answers, options.match, options.columns
        )
        return with_task_options(task, given)
    if name is None:
        raise CopeError(f"name a task: {known_tasks()}; or your own file with --task-file FILE")
    if options.domain is not None:
        name = _task_of_domain(name, options.domain, options.data)
    return task_by_name(
        name, options.visible, unsafe, require_answers, options.match, options.columns
    )


def _task_of_domain(name: str, domain: str, data: str | None) -> str:
    """Return the name of the task that reads a user's table of a domain.

    Raises:
        CopeError: for another task than the user's own, without a table, or if no task reads it.
    """
    if name != USER_TASK or not data:
        raise CopeError(
            f"--domain is about your own table: give the task {USER_TASK} and --data FILE"
        )
    found = domain_by_name(domain).default_scorer
    if found not in TASKS:
        raise CopeError(f"no task reads tables of the domain {domain!r}: give a --task-file")
    return found
