"""`cope plan-capacity`: what a batch of many rows takes, from a record."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..option_types import PATH, Thresholds, assignments, option, or_empty
from ..options import json_option, price_option, samples_option
from ..output import print_json

if TYPE_CHECKING:
    from ...models import Price


@click.command()
@click.argument("record", type=PATH)
@option("--rows", type=float, multiple=True, metavar="N", help="Rows, as in 1e8. Repeatable.")
@assignments(
    "--tier",
    "speeds",
    metavar="NAME=SPEED",
    read=str,
    help="Tokens a second that a tier writes (2500), or reads and writes (40000/2500), with all "
    "requests in flight; 24h for a batch API.",
)
@option("--preset", metavar="NAME|FILE", help="The program. [default: the record's own]")
@samples_option
@option("--thresholds", type=Thresholds(), callback=or_empty, help="One for each gate.")
@price_option
@json_option
def command(
    record: Path,
    rows: tuple[float, ...],
    speeds: dict[str, str],
    preset: str | None,
    samples: int | None,
    thresholds: tuple[float, ...],
    prices: "dict[str, Price]",
    as_json: bool,
) -> None:
    """Plan rows, tokens, money and hours of each stage for 1e6, 1e8 and 1e9 rows, or for --rows."""
    from ...batch.capacity import capacity_document, capacity_tables
    from ...eval.replay.replay import Replay
    from ..display.results import result_console

    replay = Replay(record, preset, samples=samples, thresholds=thresholds, prices=prices)
    document = capacity_document(replay, speeds, rows)
    if as_json:
        print_json(document)
    else:
        result_console().print(*capacity_tables(document), sep="\n")
