"""The tasks that come with the package, by name."""

from dataclasses import replace
from typing import Literal

from ...errors import CopeError, suggest_names
from ...sandbox import open_sandbox
from .base import ShortAnswer, Task
from .code import CODE_TASKS, CodeTask

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        ShortAnswer("gsm8k", ("openai/gsm8k", "main"), final="####"),
        ShortAnswer("math500", ("HuggingFaceH4/MATH-500", None), question="problem"),
        *CODE_TASKS,
        ShortAnswer("jsonl"),
    )
}


def task_by_name(name: str, visible: Literal["one", "all"] = "one", unsafe: bool = False) -> Task:
    """A task by its name.

    Args:
        name: `gsm8k`, `math500`, `mbpp`, `humaneval`, or `jsonl` for the user's own questions.
        visible: which of a program's tests models see, where a task leaves a choice.
        unsafe: run programs without a sandbox.

    Raises:
        CopeError: when there is none, with the nearest name.

    >>> task_by_name("mbpp").domain
    'code'
    """
    if name not in TASKS:
        raise CopeError(f"no task is named {name!r}: {suggest_names(name, TASKS)}")
    task = TASKS[name]
    if not isinstance(task, CodeTask):
        return task
    return replace(task, visible=visible, sandbox=lambda: open_sandbox(unsafe))
