"""`cope diff`: the differences between two programs."""

import click

from ..option_types import flag
from ..options import json_option
from ..output import print_json, print_text, terminal_style


@click.command(short_help="Compare two programs: rounds, instructions, demonstrations, scores.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@flag("--full", help="Print long values of demonstrations in full.")
@json_option
def command(a: str, b: str, full: bool, as_json: bool) -> None:
    """Compare two programs, each a program's file, a preset's name, or a preset's FILE.toml.

    `cope diff cope my.json` shows what compiling changed in the preset cope. The exit status is 0
    also when they differ.
    """
    from ...programs.compile_text import compile_columns
    from ...programs.diff_text import diff_lines
    from ...programs.program_diff import changes_between
    from ...programs.program_view import load_program_views

    first, second = load_program_views(a, b)
    changes = changes_between(first, second)
    compiled = (first.compiled, second.compiled)
    if as_json:
        document = {"a": a, "b": b} | changes.as_dict()
        document["compiled"] = {"a": first.compiled, "b": second.compiled}
        print_json(document)
        return
    lines = [*diff_lines(a, b, changes, full, terminal_style), *compile_columns((a, b), compiled)]
    print_text("\n".join(lines).rstrip("\n"))
