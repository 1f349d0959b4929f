"""`cope diff`: what two programs do not share."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from ...programs.diff_text import DiffLine, diff_lines
from ...programs.program_diff import Changes, changes_between
from ..options import json_option
from ..program_text import compiled_rows, say

if TYPE_CHECKING:
    from ...programs.program_view import ProgramView

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}


@click.command(short_help="Compare two programs: rounds, instructions, demonstrations, scores.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--full", is_flag=True, help="Print long values of demonstrations in full.")
@json_option
def command(a: str, b: str, full: bool, as_json: bool) -> None:
    """Compare two programs, each a program's file, a preset's name, or a preset's FILE.toml.

    `cope diff cope my.json` shows what compiling changed in the preset cope. The exit status is 0 also when they differ.
    """
    first, second = _views(a, b)
    changes = changes_between(first, second)
    if as_json:
        compiled = {"a": first.compiled, "b": second.compiled}
        click.echo(
            json.dumps({"a": a, "b": b, **changes.as_dict(), "compiled": compiled}, indent=1)
        )
        return
    lines = [*change_lines(a, b, changes, full), *_beside(a, b, first, second)]
    say("\n".join(lines).rstrip("\n"))


def _views(a: str, b: str) -> "tuple[ProgramView, ProgramView]":
    """Both programs; a preset is taken for the kind of questions that the other one is for."""
    from ...programs.program_view import is_preset, view_program

    first, second = view_program(a), view_program(b)
    if is_preset(a):
        first = view_program(a, second.domain)
    elif is_preset(b):
        second = view_program(b, first.domain)
    return first, second


def change_lines(a: str, b: str, changes: Changes, full: bool = False) -> Iterator[str]:
    """The changes in lines for a terminal, under the names of both programs."""
    for line in diff_lines(a, b, changes, full):
        yield _styled(line)


def _styled(line: DiffLine) -> str:
    if line.kind == "predictor":
        return click.style(line.text, bold=True)
    if line.kind == "demonstration":
        return click.style(line.text, dim=True)
    colour = _COLOURS.get(line.text[:1]) if line.kind == "change" else None
    return click.style(line.text, fg=colour) if colour else line.text


def _beside(a: str, b: str, first: "ProgramView", second: "ProgramView") -> Iterator[str]:
    """What each was compiled on and its scores, in two columns; nothing when both say the same."""
    if first.compiled == second.compiled:
        return
    left, right = (dict(compiled_rows(view.compiled or {})) for view in (first, second))
    heads = [
        f"{name}{' (not compiled)' * (view.compiled is None)}"
        for name, view in ((a, first), (b, second))
    ]
    labels = dict.fromkeys([*left, *right])
    rows = [
        ("", *heads),
        *((label, left.get(label, "-"), right.get(label, "-")) for label in labels),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    yield ""
    for label, one, other in rows:
        yield f"{label:<{widths[0]}}  {one:<{widths[1]}}  {other}".rstrip()
