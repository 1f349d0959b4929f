"""`cope doctor`: what the default models need, and what to do where something is missing."""

from collections.abc import Callable
from functools import partial

import click

from ...util.check import CHECK_SECONDS, Check, run_checks
from ..options import json_option
from ..output import print_json, print_text

_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "missing": ("!!", "red")}
_NAME_WIDTH = 16


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Check what the default models need, and say what to do where something is missing.

    The exit status is 0 when the default models can answer here, else 1. Keys are named, never
    shown.
    """
    checks = _check_all()
    missing = [check.name for check in checks if check.status == "missing"]
    if as_json:
        print_json({"ok": not missing, "checks": [vars(check) for check in checks]})
    else:
        for check in checks:
            _print(check)
        if missing:
            print_text(f"\nNot ready: see {', '.join(missing)} above.")
        else:
            click.echo("\nReady: cope ask QUESTION runs here.")
    click.get_current_context().exit(1 if missing else 0)


def _print(check: Check) -> None:
    mark, color = _MARKS[check.status]
    first, *lines = check.found.splitlines()
    if check.advice:
        lines.append(f"-> {check.advice}")
    print_text(f"{click.style(mark, fg=color)}  {check.name:<{_NAME_WIDTH}}{first}")
    for line in lines:
        print_text(f"    {'':<{_NAME_WIDTH}}{line}")


def _check_all() -> list[Check]:
    from ...models.checks.keys import check_keys
    from ...models.checks.machine import check_cpu, check_engine, check_gpu, check_memory
    from ...models.checks.weights import check_disk, check_weights
    from ...models.engines.registry import ENGINES
    from ...sandbox.check import check_sandbox
    from ...tracking.store_check import check_tracking_store
    from ...util.package_versions import check_packages

    checks: dict[str, Callable[[], Check | None]] = {
        "python": check_packages,
        "engine": check_engine,
        "cpu": check_cpu,
        "memory": check_memory,
        "gpu": check_gpu,
        "weights": check_weights,
        "disk": check_disk,
        "sandbox": check_sandbox,
    }
    for prefix in ENGINES:
        checks[prefix] = partial(_check_engine, prefix)
    return run_checks(checks | {"keys": check_keys, "tracking store": check_tracking_store})


def _check_engine(prefix: str) -> Check | None:
    """Return the check of a registered engine, which may fail to load."""
    from ...models.engines.registry import ENGINES

    return ENGINES[prefix].check(CHECK_SECONDS / 2)
