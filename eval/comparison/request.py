"""What a live comparison is given: all that decides it, and what the caller does on the way."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models import Team
from ...programs.resolve import ProgramOptions, TeamOptions
from ..run.options import DataOptions, RunOptions
from ..run.store import QuestionResult
from ..tasks.base import Task
from .compare import Comparison
from .options import ComparisonOptions

if TYPE_CHECKING:
    from ...tracking import Tracker


@dataclass(frozen=True)
class ComparisonRequest:
    """All that decides a live comparison."""

    task: Task
    team: Team
    team_options: TeamOptions
    program_options: ProgramOptions
    data_options: DataOptions
    run_options: RunOptions
    options: ComparisonOptions
    tracker: "Tracker"


@dataclass(frozen=True)
class SystemStart:
    """A system whose evaluation starts.

    Attributes:
        name: the system's.
        number: from 1.
        systems: how many are compared.
        questions: how many questions it is asked.
        results: those of an earlier run.
        rounds: how many stages it has.
    """

    name: str
    number: int
    systems: int
    questions: int
    results: list[QuestionResult]
    rounds: int


@dataclass(frozen=True)
class ComparisonCallbacks:
    """What the caller does on the way: eval neither loads models nor draws nor prints.

    Attributes:
        load_models: loads the models of these tiers.
        on_system: called when a system's evaluation starts; the context that it returns lasts as long
            as the evaluation, and gives a function that receives each new result.
        draw: draws the comparison to a file, and returns the files that it wrote.
        render: returns the comparison and its document as text, for MLflow.
        notify: receives a line for the user.
    """

    load_models: Callable[[Team, list[str]], None]
    on_system: Callable[[SystemStart], AbstractContextManager[Callable[[QuestionResult], None]]]
    draw: Callable[[Comparison, Path], list[Path]]
    render: Callable[[Comparison, Mapping[str, Any]], str]
    notify: Callable[[str], None]
