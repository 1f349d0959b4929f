"""The options that name a task, for every command with the argument TASK."""

from typing import TYPE_CHECKING, Any

import click

from ..programs.domains.registry import DOMAINS
from .option_types import option

if TYPE_CHECKING:
    from ..eval.tasks.base import Task
    from ..eval.tasks.resolve import QuestionOptions
    from ..eval.tasks.task_file import TaskFile


def _load(context: click.Context, parameter: click.Parameter, value: Any) -> "TaskFile | None":
    from ..eval.tasks.task_file import load_task_file

    return None if value is None else load_task_file(value)


task_argument = click.argument("task", required=False)
task_file_option = option(
    "--task-file",
    metavar="FILE.py",
    callback=_load,
    help="A Python file of your own that defines TASK; it is run. cope init task writes one.",
)
domain_option = option(
    "--domain",
    metavar="KIND",
    help=f"jsonl: the kind of questions: {', '.join(DOMAINS)}. [default: short-answer]",
)


def chosen_task(name: str | None, options: "QuestionOptions", unsafe: bool, **how: bool) -> "Task":
    """Return the task that a command's options name, see `resolve_task`.

    Raises:
        click.UsageError: without a task.
    """
    from ..eval.tasks.resolve import resolve_task

    if name is None and options.task_file is None:
        raise click.UsageError("Missing argument 'TASK'.")
    return resolve_task(name, options, unsafe, **how)
