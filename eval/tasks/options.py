"""The options of a task that the user chooses, such as which tests a model sees."""

from dataclasses import dataclass
from typing import Literal

from .columns import ColumnMapping

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
