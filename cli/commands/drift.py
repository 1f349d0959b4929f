"""`cope drift`: whether the traffic of a server still is what its calibration promised."""

from pathlib import Path

import click

from ..option_types import PATH, count, option
from ..options import json_option
from ..output import print_json


@click.command()
@click.argument("record", type=PATH)
@option("--certificate", type=PATH, metavar="FILE", help="The calibration. [default: the served]")
@option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    metavar="SHARE",
    help="Largest chance of a false alarm.",
)
@count("--last", help="Compare this many requests from the end only.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    record: Path,
    certificate: Path | None,
    alpha: float,
    last: int | None,
    as_json: bool,
) -> None:
    """Compare RECORD, a file of cope serve --record, with its calibration.

    The rounds that answer, the confidence of the first round, and the audited answers that differ
    from the last tier's own. The exit code is 1 when one of them has drifted.
    """
    from ...optimize.calibration.drift import find_drift

    report = find_drift(record, certificate, alpha=alpha, last=last)
    if as_json:
        print_json(report.as_dict())
    else:
        click.echo("\n".join(report.lines()))
    context.exit(1 if report.drifted else 0)
