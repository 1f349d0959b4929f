"""`cope ui`: MLflow's own page on the runs."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from ...errors import CopeError
from ..options import store_option

START_SECONDS = 60.0
STOP_SECONDS = 5.0


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, metavar="N")
@store_option
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(port: int, store: str | None, no_browser: bool) -> None:
    """Open MLflow's page on the runs of `cope eval`, until Ctrl-C."""
    from ...tracking import ARTIFACTS, store_file, store_uri

    uri = store_uri(store)
    if uri.startswith(("http://", "https://")):
        return _show(uri, no_browser)  # a server already
    if (file := store_file(uri)) is None and "://" not in uri:
        file, uri = Path(uri), f"sqlite:///{uri}"
    if file is not None and not file.is_file():
        raise CopeError(
            f"there is no store {file.resolve()}: `cope eval` makes it, or name another with --store"
        )
    _check_free(port)
    artifacts = (file.resolve().parent if file else Path.cwd()) / ARTIFACTS
    address = f"http://127.0.0.1:{port}"
    click.echo(f"starting MLflow on {uri} ...", err=True)
    with _server(uri, artifacts.as_uri(), port) as (server, log):
        _wait(server, log, address)
        _show(address, no_browser)
        click.echo("Ctrl-C ends it", err=True)
        # An interrupt is how this command ends.
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()
            raise CopeError(f"MLflow ended by itself: {_last_line(log)}")


def _show(address: str, no_browser: bool) -> None:
    click.echo(address)
    # Without a screen a browser for text may be found, which would take over the terminal.
    screen = sys.platform in ("darwin", "win32") or any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    )
    if screen and not no_browser:
        webbrowser.open(address)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CopeError(
                f"port {port} cannot be used ({error.strerror}): choose another with --port"
            ) from None


def mlflow_command(uri: str, artifacts: str, port: int) -> list[str]:
    """MLflow's server on a store, for this machine alone; new experiments keep artifacts where `cope eval` does."""
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--default-artifact-root",
        artifacts,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]


@contextlib.contextmanager
def _server(
    uri: str, artifacts: str, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """MLflow's server in a process group of its own, ended with all its workers however this command ends."""
    # Pages on finished runs need no job runner, and nobody asked to be counted.
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            mlflow_command(uri, artifacts, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=quiet | os.environ,
            start_new_session=True,
        )
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            yield server, log
        finally:
            signal.signal(signal.SIGTERM, before)
            _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    def send(how: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, how) if hasattr(os, "killpg") else server.terminate()

    send(signal.SIGTERM)
    try:
        server.wait(STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        send(getattr(signal, "SIGKILL", signal.SIGTERM))
        server.wait(STOP_SECONDS)


def _wait(server: subprocess.Popen[bytes], log: IO[bytes], address: str) -> None:
    """Until the page is there."""
    import httpx

    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise CopeError(f"MLflow does not start on this store: {_last_line(log)}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health", timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise CopeError(
        f"MLflow did not answer at {address} within {START_SECONDS:g} s: try again with less load"
    )


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = [
        line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()
    ]
    return lines[-1] if lines else "it said nothing"
