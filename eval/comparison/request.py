"""The request of a live comparison, and the callbacks of its caller."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...models import Team
from ...programs.agent.settings import AgentSettings
from ...programs.options import ProgramOptions, TeamOptions
from ..run.options import DataOptions, RunOptions
from ..run.store import QuestionResult
from ..tasks.base import Task
from .compare import Comparison
from .options import ComparisonOptions

if TYPE_CHECKING:
    from ...tracking import Tracker


@dataclass(frozen=True)
class ComparisonRequest:
    """The options and objects of a live comparison."""

    task: Task
    team: Team
    team_options: TeamOptions
    program_options: ProgramOptions
    data_options: DataOptions
    run_options: RunOptions
    options: ComparisonOptions
    tracker: "Tracker"
    agent_settings: AgentSettings | None = None
    """The limits of a game, where the questions are games; None for the defaults."""


@dataclass(frozen=True)
class SystemStart:
    """A system that is asked a block of questions.

    Attributes:
        name: the name of the system.
        number: its number, from 1.
        systems: number of systems.
        block: the positions of the questions.
        results: the results of the questions up to the end of the block, so far.
        rounds: number of stages of the system.
    """

    name: str
    number: int
    systems: int
    block: range
    results: list[QuestionResult]
    rounds: int


@dataclass(frozen=True)
class ComparisonCallbacks:
    """Functions of the caller, because this room does not load models, draw or print.

    Attributes:
        load_models: loads the models of some tiers.
        on_system: called when a system is asked a block of questions. It returns a context for the
            time of the evaluation, which yields a function that receives each new result.
        draw: draws the comparison to a file, and returns the files that it wrote.
        notify: receives a line for the user.
    """

    load_models: Callable[[Team, list[str]], None]
    on_system: Callable[[SystemStart], AbstractContextManager[Callable[[QuestionResult], None]]]
    draw: Callable[[Comparison, Path], list[Path]]
    notify: Callable[[str], None]
