"""Build the job of a run over a table from plain options, such as those of a command line."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..eval.tasks.base import CHOICE, answer_kind_of
from ..eval.tasks.hub import is_hub_address
from ..models import Team
from ..programs import System
from ..programs.calibration_match import check_answer_kind
from ..programs.resolve import (
    ProgramOptions,
    TeamOptions,
    named_answer_kind,
    resolve_calibrated_cascade,
)
from .job import TableJob
from .options import TableOptions
from .tables import Table, file_table, hub_table, stream_table

STDIN = "-"


@contextmanager
def open_table(data: str, stdin_format: str = "txt", split: str = "test") -> Iterator[Table]:
    """Open the table that an option names.

    Args:
        data: a file, `hub:OWNER/NAME[:config]`, or `-` for standard input.
        stdin_format: the format of standard input, as the suffix of a file without its dot.
        split: the split of a set of the hub.

    Raises:
        CopeError: if it cannot be opened.
    """
    if data == STDIN:
        with stream_table(sys.stdin.buffer, f".{stdin_format}") as table:
            yield table
    elif is_hub_address(data):
        yield hub_table(data, split)
    else:
        yield file_table(Path(data))


def resolve_table_job(
    table: Table,
    options: TableOptions,
    program_options: ProgramOptions,
    team_options: TeamOptions,
    team: Team,
    notify: Callable[[str], None],
) -> TableJob:
    """Build the job that options name.

    Args:
        table: the rows.
        options: the options of the run.
        program_options: the options of the program.
        team_options: the options of the team.
        team: the tiers.
        notify: receives a line about a bundled program, and one about the calibration.

    Raises:
        CopeError: see `resolve_calibrated_cascade` and `TableJob`.
    """
    domain, kind = options.domain, options.match
    if options.task_file is not None:
        task = options.task_file.task
        domain, kind = task.domain, kind or answer_kind_of(task)
    resolved = resolve_calibrated_cascade(
        program_options, team_options, team, domain, notify=notify
    )
    if kind is None:
        kind = CHOICE if options.has_choices else named_answer_kind(resolved)
    cascade = resolved.cascade.with_answer_kind(kind)
    check_answer_kind(program_options.calibration, resolved.certificate, cascade.answer_kind)
    settings: dict[str, Any] = {"models": models_of(cascade)}
    settings |= team_options.request_settings()
    if options.task_file is not None:
        settings["task_file"] = options.task_file.digest
    return TableJob(table, cascade, options, cascade.answer_kind, settings)


def models_of(system: System) -> dict[str, str]:
    """Return the model of each tier, as far as the system shows its team."""
    team = getattr(system, "team", None)
    if not isinstance(team, Team):
        return {}
    return {tier: team[tier].model for tier in system.tiers}
