"""The tasks by name: our own, those of other packages, and those that a script registers.

A task of another package is an object that implements `Task`, and a line in the package's
`pyproject.toml`:

    [project.entry-points."cope.tasks"]
    riddles = "my_package.riddles:RIDDLES"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.arguments import check_argument
from ...util.registry import Registry
from .columns import ColumnMapping
from .options import TaskOptions, Visible

if TYPE_CHECKING:
    from .base import Task

USER_TASK = "jsonl"
"""The name of the task whose questions are in the user's own file."""

_MEMBERS = ("name", "domain", "test_visibility", "load", "score")


def check_task(task: object) -> None:
    """Raise `TypeError` when an object is not a task."""
    missing = [name for name in _MEMBERS if not hasattr(task, name)]
    if missing:
        raise TypeError(f"it is no Task: it has no {' and no '.join(missing)}")


TASKS: Registry[Task] = Registry("task", "cope.tasks", check_task)


def register_task(task: Task) -> None:
    """Register a task under its name in this process, for example from a notebook.

    Args:
        task: the task; `TASKS.unregister` removes it.

    Raises:
        CopeError: if another task has this name.
    """
    check_task(task)
    TASKS.register(task.name, task)


def task_by_name(
    name: str,
    visible: Visible = "one",
    unsafe: bool = False,
    require_answers: bool = True,
    match: str | None = None,
    columns: ColumnMapping | None = None,
) -> Task:
    """Return a task by its name, with the options that apply to it.

    Args:
        name: a name in `TASKS`, for example `gsm8k`, or `jsonl` for the user's own questions; a
            part of a task as in `bbh:navigate`.
        visible: which tests of a program models see, if the task allows a choice.
        unsafe: whether programs run without a sandbox.
        require_answers: whether every row of a local copy must have an answer. A row without an
            answer is not scored.
        match: how answers are read and compared, a name in `ANSWER_KINDS`; None uses the
            task's own.
        columns: the columns of the user's table; None takes them by their names.

    Raises:
        CopeError: if no task has this name, with the nearest name; if there is no such kind of
            answers, or the task has its own comparison or its own columns.

    >>> task_by_name("mbpp").domain
    'code'
    """
    options = TaskOptions(visible, unsafe, require_answers, match, columns)
    return with_task_options(_by_name(name), options)


def with_task_options(task: Task, options: TaskOptions) -> Task:
    """Return a task with the options that apply to it.

    Raises:
        CopeError: for a kind of answers, or a mapping of columns, that the task does not take.
    """
    from .adaptable import TakesOptions

    if isinstance(task, TakesOptions):
        return task.with_options(options)
    reject_columns(task.name, options.columns)
    if options.match is not None:
        raise CopeError(f"task {task.name!r} compares answers in its own way: leave out --match")
    return task


def _by_name(name: str) -> Task:
    check_argument("task_by_name(name)", name, str, "a task's name such as 'gsm8k'")
    from .adaptable import HasVariants

    base, _, variant = name.partition(":")
    task = TASKS.by_name(base)
    if not variant:
        return task
    if not isinstance(task, HasVariants):
        raise CopeError(f"task {base!r} has no parts: leave out :{variant}")
    return task.with_variant(variant)


def reject_columns(task: str, columns: ColumnMapping | None) -> None:
    """Raise an error if a mapping is given to a task that reads its rows in its own way.

    Raises:
        CopeError: if there is a mapping.
    """
    if columns is not None:
        given = next(iter(columns.as_dict()))
        raise CopeError(f"task {task!r} has columns of its own: leave out --{given}")


def known_tasks() -> str:
    """Return the names of all tasks as a help text lists them.

    >>> known_tasks().split(", ")[:3]
    ['aime24', 'aime25', 'alfworld-gen']
    """
    names = [name for name in TASKS if name != USER_TASK]
    return f"{', '.join(names)}, or {USER_TASK} for your own questions"
