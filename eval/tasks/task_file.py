"""Find the task that the user's own Python file defines, see --task-file."""

import ast
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from ...util.text import shorten
from ...util.user_file import UserFile, errors_of_user, run_user_file
from .base import Task
from .registry import check_task

_METHODS = ("load", "score")
_NAME = re.compile(r"\w[\w.:-]{0,79}")  # a task's name is part of the names of folders and files


@dataclass(frozen=True)
class TaskFile:
    """A user's Python file that defines one task.

    Attributes:
        path: the file.
        task: the task that it defines.
        digest: a digest of the file's content, which is part of a run's identity.
    """

    path: Path
    task: Task
    digest: str

    def task_named(self, name: str | None) -> Task:
        """Return the task.

        Args:
            name: the task's name, if the user gives it too.

        Raises:
            CopeError: for another name.
        """
        if name not in (None, self.task.name):
            raise CopeError(
                f"{self.path} defines the task {self.task.name!r}, not {name!r}: leave out the name"
            )
        return self.task


def load_task_file(path: str | Path) -> TaskFile:
    """Run a Python file, and return the one task that it defines.

    The task is an object at the top level of the file, or a class that is made without arguments,
    and has the members of `Task`. Imported objects, and names with a leading underscore, do not
    count. The file may import modules from its own folder.

    Args:
        path: the file. It is run, so it must be trusted.

    Raises:
        CopeError: if it cannot be read, raises an error (with the line), or does not define one
            task.
    """
    file = run_user_file(Path(path))
    found = _find_tasks(file)
    if len(found) != 1:
        raise CopeError(f"{path} {_describe_number(list(found))}")
    ((name, value),) = found.items()
    with errors_of_user(file.path):
        task: Any = value() if inspect.isclass(value) else value
        _check_members(f"{path} {name}", task)
    return TaskFile(file.path, task, file.digest)


def _find_tasks(file: UserFile) -> dict[str, Any]:
    """Return the tasks that a file defines, and classes of tasks of which it has no object."""
    imported = _imported_names(file.source)
    tasks: dict[str, Any] = {}
    classes: dict[str, type] = {}
    for name, value in vars(file.module).items():
        if name.startswith("_") or name in imported or not _has_methods(value):
            continue
        if not inspect.isclass(value):
            if not any(value is task for task in tasks.values()):
                tasks[name] = value
        elif value.__module__ == file.module.__name__:
            classes[name] = value
    objects = list(tasks.values())
    for name, cls in classes.items():
        is_base = any(other is not cls and issubclass(other, cls) for other in classes.values())
        if not is_base and not any(isinstance(task, cls) for task in objects):
            tasks[name] = cls
    return tasks


def _imported_names(source: bytes) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def _has_methods(value: object) -> bool:
    if isinstance(value, ModuleType):
        return False
    return all(callable(inspect.getattr_static(value, name, None)) for name in _METHODS)


def _describe_number(names: Sequence[str]) -> str:
    remedy = "one object or class with name, domain, test_visibility, load and score"
    if not names:
        return f"defines no task: give it {remedy}"
    return f"defines several tasks ({shorten(', '.join(names), 120)}): keep {remedy}"


def _check_members(place: str, task: Any) -> None:
    """Raise an error for a task that lacks a member, or has one that cannot be used.

    Raises:
        CopeError: with what to do.
    """
    try:
        check_task(task)
    except TypeError as error:
        raise CopeError(f"{place}: {error}: add what is missing") from None
    if not isinstance(task.name, str) or not _NAME.fullmatch(task.name):
        raise CopeError(
            f"{place}: its name is {shorten(repr(task.name), 60)}: give it letters, digits and -, "
            "as folders of runs are named after it"
        )
    domain_by_name(task.domain)
    if not inspect.iscoroutinefunction(task.score):
        code = getattr(task.score, "__code__", None)
        line = f" line {code.co_firstlineno}" if code else ""
        raise CopeError(f"{place}{line}: score is awaited: write async def score")
