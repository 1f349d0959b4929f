"""`cope doctor`: what is there, and what to do about what is not."""

from typing import Any

import click

from ..options import json_option
from ..output import print_json

_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "missing": ("!!", "red")}
_NAME_WIDTH = 16


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Say in plain words what is there, and what to do about what is not.

    The exit status is 0 when the default models can answer here, else 1. Keys are named, never shown.
    """
    from ..doctor.machine import check_all

    checks = check_all()
    able = all(check.status != "missing" for check in checks)
    if as_json:
        print_json({"ok": able, "checks": [vars(check) for check in checks]})
    else:
        for check in checks:
            _print(check)
        lacking = ", ".join(check.name for check in checks if check.status == "missing")
        click.echo(
            "\n"
            + (
                "Ready: cope ask QUESTION runs here."
                if able
                else f"Not ready: see {lacking} above."
            )
        )
    click.get_current_context().exit(0 if able else 1)


def _print(check: Any) -> None:
    mark, colour = _MARKS[check.status]
    first, *more = check.found.splitlines()
    click.echo(f"{click.style(mark, fg=colour)}  {check.name:<{_NAME_WIDTH}}{first}")
    for line in [*more, *([f"-> {check.advice}"] if check.advice else [])]:
        click.echo(f"    {'':<{_NAME_WIDTH}}{line}")
