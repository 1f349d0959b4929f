"""`cope report`: one page of a run, a recording or a comparison, and its plots as files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...util.output_files import check_output
from ..context import AppContext, pass_app
from ..option_types import PATH, flag, option
from ..options import STORE_DEFAULT, json_option, output_option, price_option, track_option
from ..output import print_json, print_text, warn

if TYPE_CHECKING:
    from ...models import Price


@click.command(short_help="Make one page of a run, a record or a comparison.")
@click.argument("source", metavar="RUN_OR_RECORD", type=PATH)
@output_option(
    "The page; an existing report is replaced.",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
)
@option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save every plot as SVG and PNG too.",
)
@flag("--force", help="Write over a file that is not a report.")
@flag("--open", "opens", help="Show the page in the browser.")
@track_option
@option(
    "--store",
    metavar="URI",
    help=f"MLflow store. [default: the one of the run, else {STORE_DEFAULT}]",
)
@price_option
@json_option
@pass_app
def command(
    app: AppContext,
    source: Path,
    output: Path,
    figures: Path | None,
    force: bool,
    opens: bool,
    track: bool,
    store: str | None,
    prices: "dict[str, Price]",
    as_json: bool,
) -> None:
    """Make a page of RUN_OR_RECORD: a folder of eval or compare, or a file of record or import.

    The page is one file that loads nothing: accuracy against cost, the rounds, every question with
    its samples.
    """
    from ...report import draw_files, is_report, open_source, report_data
    from ...report.output import attach_page, write_page

    check_output(output, [source], "report", is_report, force=force)
    with _status_line(f"reading {source}"):
        opened = open_source(source, prices)
        found = report_data(opened)
    with _status_line(f"writing {output}"):
        write_page(opened, found, output)
        pictures = draw_files(found, figures) if figures else []
    run = None
    if track:
        try:
            run = attach_page(app.tracker, opened, output, store)
        except CopeError as error:
            warn(f"not attached to MLflow run {opened.mlflow_run}: {error}")
    _print_result(found, output, pictures, run, as_json)
    if opens and click.launch(output.resolve().as_uri()):
        raise CopeError(f"no browser could be started: open {output} yourself")


@contextmanager
def _status_line(message: str) -> Iterator[None]:
    """Show a status line while the work runs, on a terminal only."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(escape(message)):
        yield


def _print_result(
    found: dict[str, Any], output: Path, pictures: list[Path], tracked: str | None, as_json: bool
) -> None:
    from ...report.figures import headline
    from ...report.output import page_line, written_files
    from ...report.page import replace_nan

    if as_json:
        print_json(replace_nan(found | {"files": written_files(output, pictures, tracked)}))
        return
    print_text(headline(found))
    click.echo(output)
    print(page_line(found, output, pictures, tracked), file=sys.stderr)
