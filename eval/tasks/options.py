"""Settings of a task that the user chooses, such as which tests a model sees."""

from dataclasses import dataclass
from typing import Literal

Visible = Literal["one", "all"]


@dataclass(frozen=True)
class TaskOptions:
    """Options that `task_by_name` passes to a task that takes any of them.

    Attributes:
        visible: which of a program's tests models see, where a task leaves a choice.
        unsafe: run model-written programs without a sandbox.
        require_answers: whether every row of a local copy must have an answer. Without one nothing is scored.
    """

    visible: Visible = "one"
    unsafe: bool = False
    require_answers: bool = True
