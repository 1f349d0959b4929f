"""`cope ui`: MLflow's page of the runs."""

import os
import sys
import webbrowser

import click

from ...errors import CopeError
from ..option_types import flag, option
from ..options import store_option
from ..output import notify


@click.command()
@option("--port", type=click.IntRange(1, 65535), default=5000, metavar="N")
@store_option
@flag("--no-browser", help="Only print the address.")
def command(port: int, store: str | None, no_browser: bool) -> None:
    """Open MLflow's page on the runs of `cope eval`, until Ctrl-C."""
    from ...tracking import check_address, store_file, store_uri
    from ...tracking.server import runs_page, start_server

    uri = store_uri(store)
    check_address(uri)
    if uri.startswith(("http://", "https://")):  # a server already
        _show(runs_page(uri, trust_env=True), no_browser)
        return
    file = store_file(uri)
    if file is not None and not file.is_file():
        raise CopeError(
            f"there is no store {file.resolve()}: `cope eval` makes it, "
            "or name another with --store"
        )
    with start_server(uri, port) as server:
        notify(f"starting MLflow on {uri} ...")
        server.wait_until_ready()
        _show(runs_page(server.address), no_browser)
        notify("Ctrl-C ends it")
        server.run_until_interrupted()


def _show(address: str, no_browser: bool) -> None:
    """Print the address, and open it where there is a screen.

    Without one a text browser may be found, which would take over the terminal.
    """
    click.echo(address)
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    has_screen = sys.platform in ("darwin", "win32") or any(os.environ.get(s) for s in screens)
    if has_screen and not no_browser:
        webbrowser.open(address)
