"""`cope export`: a program as an MLflow model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..option_groups import program_options, team_options
from ..option_types import option
from ..options import calibration_option, early_stop_option
from ..output import notify
from .serve import kind_option

if TYPE_CHECKING:
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@click.argument("source", metavar="PROGRAM")
@option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the model goes; a new folder.",
)
@kind_option(steps=True)
@program_options
@early_stop_option
@calibration_option
@team_options
def command(
    source: str,
    folder: Path,
    domain: str,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
) -> None:
    """Write PROGRAM, a saved program's file or a preset, as an MLflow model.

    `mlflow models serve -m FOLDER` serves it: many rows in, answers with confidence and cost out.
    """
    from ...serve.export.export import export_program, named_program

    program = named_program(source, program_options, team_options)
    columns = export_program(folder, program, team_options, domain)
    notify(f"{folder} reads {', '.join(columns)}: mlflow models serve -m {folder}")
