"""The options of a compile on the source of its questions and on its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...eval.tasks.columns import ColumnMapping

if TYPE_CHECKING:
    from ...eval.tasks.task_file import TaskFile


@dataclass(frozen=True)
class SplitOptions:
    """The questions of a compile.

    Attributes:
        data: a local file or `hub:OWNER/NAME[:config]`; None loads the task's published set.
        train_split: the part to train on.
        val_split: the part to validate on; the rest of the training split if the data has no such
            part.
        train: the number of training questions; None takes all.
        val: the number of validation questions; None takes all, or a third of a common part.
        visible: the tests that models see, if the task leaves a choice.
        match: how answers are parsed and compared, a name in `ANSWER_KINDS`; None leaves it to the
            task.
        columns: the columns of `data`; None takes them by their names.
        group: the column of `data` whose equal values belong together: no two of them are on
            different sides of the split.
        domain: the kind of questions of the task `jsonl`; None is `short-answer`.
        task_file: the user's own file that defines the task; None without one.
        named: which of `train_split` and `val_split` the user sets.
    """

    data: str | None = None
    train_split: str = "train"
    val_split: str = "validation"
    train: int | None = None
    val: int | None = None
    visible: Literal["one", "all"] = "one"
    match: str | None = None
    columns: ColumnMapping | None = None
    group: str | None = None
    domain: str | None = None
    task_file: "TaskFile | None" = None
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutputOptions:
    """The files of a compile, and how it treats those of an earlier one.

    Attributes:
        output: the program file; None names it after the task and the preset.
        force: overwrite any program file.
        pick: save this program of the frontier, 1 the cheapest; None saves the most accurate one.
        directory: the folder of compiles.
        resume: continue an interrupted compile.
        fresh: remove the files of an earlier compile.
        dry_run: stop after the estimate.
        track: log to MLflow.
        store: the address of the MLflow store; None for the default.
    """

    output: Path | None = None
    force: bool = False
    pick: int | None = None
    directory: Path = Path(".cope/compile")
    resume: bool = False
    fresh: bool = False
    dry_run: bool = False
    track: bool = True
    store: str | None = None
