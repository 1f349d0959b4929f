"""`cope doctor`: what the default models need, and what to do where something is missing."""

import click

from ..options import json_option
from ..output import print_json, print_text


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Check what the default models need, and say what to do where something is missing.

    The exit status is 0 when the default models can answer here, else 1. Keys are named, never
    shown.
    """
    from ...programs.readiness import check_machine
    from ...tracking.store_check import check_tracking_store

    checks = check_machine({"tracking store": check_tracking_store})
    missing = [check.name for check in checks if check.status == "missing"]
    if as_json:
        print_json({"ok": not missing, "checks": [vars(check) for check in checks]})
    else:
        for check in checks:
            print_text("\n".join(check.lines(click.style)))
        if missing:
            print_text(f"\nNot ready: see {', '.join(missing)} above.")
        else:
            click.echo("\nReady: cope ask QUESTION runs here.")
    click.get_current_context().exit(1 if missing else 0)
