"""Options of an evaluation: which questions are asked, and how the run is made."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..tasks.columns import ColumnMapping
from ..tasks.hub import is_hub_address

if TYPE_CHECKING:
    from ..tasks.task_file import TaskFile


@dataclass(frozen=True)
class DataOptions:
    """The questions of a task.

    Attributes:
        split: the split of the hub's data set, or of a local file with a field `split`.
        limit: maximum number of questions, from the start; None for all.
        data: a local file or `hub:OWNER/NAME[:config]` instead of the task's own data set.
        visible: which tests models see, if the task allows a choice: `one` or `all`.
        match: how answers are read and compared, a name in `ANSWER_KINDS`; None uses the
            task's own.
        group: the column of `data` that contains the group of each question.
        columns: the columns of `data`; None takes them by their names.
        domain: the kind of questions of the task `jsonl`; None is `short-answer`.
        task_file: the user's own file that defines the task; None without one.
    """

    split: str = "test"
    limit: int | None = None
    data: str | None = None
    visible: Literal["one", "all"] = "one"
    group: str | None = None
    match: str | None = None
    columns: ColumnMapping | None = None
    domain: str | None = None
    task_file: "TaskFile | None" = None

    @property
    def data_name(self) -> str | None:
        """The name of the local file without its folder, or the address; None without data."""
        if self.data and is_hub_address(self.data):
            return self.data
        return Path(self.data).name if self.data else None


@dataclass(frozen=True)
class RunOptions:
    """How a run is made, and where it is stored.

    Attributes:
        directory: the folder of runs.
        fresh: whether the results of an earlier run are removed.
        questions: number of questions asked at the same time; None keeps the models busy.
        budget: maximum cost in USD; the run stops before it is exceeded.
        track: whether the run is logged to MLflow.
        store: the URI of the MLflow store; None for `MLFLOW_TRACKING_URI`, else SQLite in the
            working directory.
    """

    directory: Path
    fresh: bool = False
    questions: int | None = None
    budget: float | None = None
    track: bool = True
    store: str | None = None
