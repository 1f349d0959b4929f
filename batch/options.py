"""The options of a run over a table."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..eval.tasks.columns import ColumnMapping
from ..programs.domains.registry import DEFAULT_DOMAIN
from .answer_columns import ADDED_COLUMNS, check_columns
from .writers import check_suffix

if TYPE_CHECKING:
    from ..eval.tasks.task_file import TaskFile


@dataclass(frozen=True)
class TableOptions:
    """What is asked, and where the answers are written.

    Attributes:
        output: the file of the answers; None writes none.
        mapping: which columns are the question; None is the column `question`.
        columns: the columns to add, names in `ADDED_COLUMNS`.
        domain: the kind of questions.
        match: how answers are read, a name in `ANSWER_KINDS`; None is `choice` for questions with
            choices, else what the program names, else `text`.
        limit: the number of rows, from the start; None for all.
        budget: the most USD that all rows together may cost; None for no limit.
        questions: the number of rows asked at the same time; None keeps the models busy.
        retry_errors: whether rows on which a model failed are asked again.
        task_file: the user's own file of a task, whose kind of questions and answers count; None
            without one.
        again: whether the answers of an earlier run are removed.

    Raises:
        CopeError: for an output in an unknown format, or a column that cannot be added.
    """

    output: Path | None = None
    mapping: ColumnMapping | None = None
    columns: tuple[str, ...] = tuple(ADDED_COLUMNS)
    domain: str = DEFAULT_DOMAIN
    match: str | None = None
    limit: int | None = None
    budget: float | None = None
    questions: int | None = None
    retry_errors: bool = False
    again: bool = False
    task_file: "TaskFile | None" = None

    def __post_init__(self) -> None:
        check_columns(self.columns)
        if self.output is not None:
            check_suffix(self.output)

    @property
    def has_choices(self) -> bool:
        """Whether questions have options."""
        return self.mapping is not None and self.mapping.choices is not None
