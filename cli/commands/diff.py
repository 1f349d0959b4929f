"""`cope diff`: the differences between two programs."""

from typing import TYPE_CHECKING

import click

from ..options import json_option
from ..output import print_json, print_text

if TYPE_CHECKING:
    from ...programs.program_view import ProgramView


@click.command(short_help="Compare two programs: rounds, instructions, demonstrations, scores.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--full", is_flag=True, help="Print long values of demonstrations in full.")
@json_option
def command(a: str, b: str, full: bool, as_json: bool) -> None:
    """Compare two programs, each a program's file, a preset's name, or a preset's FILE.toml.

    `cope diff cope my.json` shows what compiling changed in the preset cope. The exit status is 0
    also when they differ.
    """
    from ...programs.compile_text import compile_columns
    from ...programs.program_diff import changes_between
    from ..display.diff import styled_diff

    first, second = _views(a, b)
    changes = changes_between(first, second)
    compiled = (first.compiled, second.compiled)
    if as_json:
        document = {"a": a, "b": b} | changes.as_dict()
        document["compiled"] = {"a": first.compiled, "b": second.compiled}
        print_json(document)
        return
    lines = [*styled_diff(a, b, changes, full), *compile_columns((a, b), compiled)]
    print_text("\n".join(lines).rstrip("\n"))


def _views(a: str, b: str) -> "tuple[ProgramView, ProgramView]":
    """Return both programs; a preset is read for the other program's kind of questions."""
    from ...programs.program_view import is_preset, load_program_view

    first, second = load_program_view(a), load_program_view(b)
    if is_preset(a):
        first = load_program_view(a, second.domain)
    elif is_preset(b):
        second = load_program_view(b, first.domain)
    return first, second
