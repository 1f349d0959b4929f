"""`cope show`: a program's rounds, instructions and demonstrations, and what it was compiled on."""

import click

from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ..option_types import flag, option
from ..options import json_option
from ..output import print_json, print_text, terminal_style


@click.command(short_help="Print a program: its rounds, instructions and demonstrations.")
@click.argument("source", metavar="FILE")
@flag("--full", help="Print long values of demonstrations in full.")
@option(
    "--domain",
    default=DEFAULT_DOMAIN,
    metavar="KIND",
    help=f"Kind of questions a preset is shown for: {', '.join(DOMAINS)}. A file names its own.",
)
@json_option
def command(source: str, full: bool, domain: str, as_json: bool) -> None:
    """Print a program that was compiled or saved, or a preset as it is before that.

    FILE is a program's file, a preset's name, or a preset's FILE.toml. No model is loaded.
    """
    from ...programs.program_text import program_text
    from ...programs.program_view import load_program_view

    view = load_program_view(source, domain)
    if as_json:
        print_json({"source": source} | view.as_dict())
        return
    print_text(program_text(view, full, terminal_style))
