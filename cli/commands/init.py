"""`cope init`: write a commented template of a task, a preset or a program."""

from pathlib import Path

import click

from ...programs.template_file import TEMPLATES, write_template
from ..output import notify, print_text


@click.command()
@click.argument("kind", metavar="|".join(TEMPLATES), type=click.Choice(list(TEMPLATES)))
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
def command(kind: str, file: Path | None) -> None:
    """Write a commented template that runs as it is.

    It is a task for --task-file, a preset for --preset, or a program in Python. An existing file is
    never overwritten.
    """
    path, then = write_template(kind, file)
    print_text(str(path))
    notify(f"next: {then}")
