"""Tasks, the resumable evaluation run, its records and its figures."""

from .code_task import CodeTask
from .records import DEFAULT_RUNS, Record, RunFolder
from .run import Outcome, evaluate
from .statistics import paired_interval, wilson
from .summary import Summary, large_alone, summarise
from .task import Score, ShortAnswer, Task
from .tasks import TASKS, task_by_name

__all__ = [
    "DEFAULT_RUNS", "TASKS", "CodeTask", "Outcome", "Record", "RunFolder", "Score", "ShortAnswer", "Summary", "Task",
    "evaluate", "large_alone", "paired_interval", "summarise", "task_by_name", "wilson",
]  # fmt: skip
