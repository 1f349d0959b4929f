"""`cope ui`: MLflow's page of the runs."""

import os
import sys
import webbrowser
from pathlib import Path

import click

from ...errors import CopeError
from ..options import store_option
from ..output import notify


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, metavar="N")
@store_option
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(port: int, store: str | None, no_browser: bool) -> None:
    """Open MLflow's page on the runs of `cope eval`, until Ctrl-C."""
    from ...tracking.server import start_server
    from ...tracking.store import store_file, store_uri

    uri = store_uri(store)
    if uri.startswith(("http://", "https://")):  # a server already
        _show(uri, no_browser)
        return
    file = store_file(uri)
    if file is None and "://" not in uri:
        file, uri = Path(uri), f"sqlite:///{uri}"
    if file is not None and not file.is_file():
        raise CopeError(
            f"there is no store {file.resolve()}: `cope eval` makes it, "
            "or name another with --store"
        )
    with start_server(uri, port) as server:
        notify(f"starting MLflow on {uri} ...")
        server.wait_until_ready()
        _show(server.address, no_browser)
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
