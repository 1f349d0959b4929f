"""Which questions are asked, and how a run is made: plain options, as a command line has them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class DataOptions:
    """Name the questions of a task.

    Attributes:
        split: part of the hub's data set, or of a local file that has a field `split`.
        limit: at most so many questions, from the start; None for all.
        data: a local file in place of the hub's data set.
        visible: which tests models see, where the task leaves a choice: `one` or `all`.
        group: the column whose value says which rows of `data` belong together.
    """

    split: str = "test"
    limit: int | None = None
    data: str | None = None
    visible: Literal["one", "all"] = "one"
    group: str | None = None

    @property
    def data_name(self) -> str | None:
        """Return the name of the local file without its folder; None without one."""
        return Path(self.data).name if self.data else None


@dataclass(frozen=True)
class RunOptions:
    """Say how a run is made and where it is kept.

    Attributes:
        directory: the folder of runs.
        fresh: whether what an earlier run left is forgotten.
        questions: how many are in flight; None keeps the models busy.
        budget: USD; the run stops before this is spent.
        track: whether the run is logged to MLflow.
        store: address of the MLflow store; None is `MLFLOW_TRACKING_URI`, else SQLite in the
            working directory.
    """

    directory: Path
    fresh: bool = False
    questions: int | None = None
    budget: float | None = None
    track: bool = True
    store: str | None = None
