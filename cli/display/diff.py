"""Styles for the differences between two programs on a terminal."""

from collections.abc import Iterator

import click

from ...programs.diff_text import DiffLine, diff_lines
from ...programs.program_diff import Changes

_COLORS = {"-": "red", "+": "green", "@": "cyan"}


def styled_diff(a: str, b: str, changes: Changes, full: bool = False) -> Iterator[str]:
    """Yield the styled lines of `cope.programs.diff_text.diff_lines`, which has the arguments."""
    for line in diff_lines(a, b, changes, full):
        yield _styled(line)


def _styled(line: DiffLine) -> str:
    if line.kind == "predictor":
        return click.style(line.text, bold=True)
    if line.kind == "demonstration":
        return click.style(line.text, dim=True)
    color = _COLORS.get(line.text[:1]) if line.kind == "change" else None
    return click.style(line.text, fg=color) if color else line.text
