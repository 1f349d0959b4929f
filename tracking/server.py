"""Run MLflow's server as a child process; its page shows the runs of a store."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from ..errors import CopeError
from .address import store_file
from .store import ARTIFACTS

STOP_SECONDS = 5.0
POLL_SECONDS = 0.2
SEARCH_SECONDS = 10.0

EXPERIMENT_PREFIX = "cope-"

# Pages on finished runs need no job runner, and telemetry is off unless the user turns it on.
_ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def server_command(uri: str, artifacts: str, port: int) -> list[str]:
    """Return the command that serves a store to this machine only.

    Args:
        uri: the store's address.
        artifacts: the folder of artifacts of new experiments, the same as for `cope eval`.
        port: the port on 127.0.0.1.
    """
    options = {
        "--backend-store-uri": uri,
        "--default-artifact-root": artifacts,
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "1",
    }
    command = [sys.executable, "-m", "mlflow", "server"]
    for name, value in options.items():
        command += [name, value]
    return command


class TrackingServer:
    """A running server.

    Attributes:
        address: the URL of its page.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes], port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._process = process
        self._log = log

    def wait_until_ready(self) -> None:
        """Return when the server answers, however long its process takes to start.

        Raises:
            CopeError: when the server ends.
        """
        import httpx

        while self._process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                health = httpx.get(f"{self.address}/health", timeout=2, trust_env=False)
                if health.status_code == 200:
                    return
            time.sleep(POLL_SECONDS)
        raise CopeError(f"MLflow does not start on this store: {self._last_line()}")

    def run_until_interrupted(self) -> None:
        """Return at Ctrl-C.

        Raises:
            CopeError: when the server ends by itself.
        """
        with contextlib.suppress(KeyboardInterrupt):
            self._process.wait()
            raise CopeError(f"MLflow ended by itself: {self._last_line()}")

    def _last_line(self) -> str:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        return text.splitlines()[-1].strip() if text else "it printed nothing"


def runs_page(address: str, trust_env: bool = False) -> str:
    """Return the page of the newest run's experiment, of those that COPE made.

    Args:
        address: the URL of a running server.
        trust_env: whether the server is asked through the proxies of the environment.

    Returns:
        The URL of the page; `address` when the server has no such run, or does not answer.
    """
    import httpx

    def search(kind: str, **request: Any) -> list[Any]:
        url = f"{address.rstrip('/')}/api/2.0/mlflow/{kind}/search"
        reply = httpx.post(url, json=request, timeout=SEARCH_SECONDS, trust_env=trust_env)
        return reply.raise_for_status().json().get(kind, [])

    try:
        ours = search("experiments", max_results=1000, filter=f"name LIKE '{EXPERIMENT_PREFIX}%'")
        ids = [experiment["experiment_id"] for experiment in ours]
        newest: list[Any] = []
        if ids:
            order = ["attributes.start_time DESC"]
            newest = search("runs", experiment_ids=ids, order_by=order, max_results=1)
        if not newest:
            return address
        experiment = str(newest[0]["info"]["experiment_id"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError, AttributeError):
        return address
    return f"{address.rstrip('/')}/#/experiments/{quote(experiment, safe='')}/runs"


@contextlib.contextmanager
def start_server(uri: str, port: int) -> Iterator[TrackingServer]:
    """Run MLflow's server in its own process group, which is terminated on exit.

    On SIGTERM the server is terminated first, then this process ends with status 143.

    Args:
        uri: the store's address.
        port: the port on 127.0.0.1.

    Raises:
        CopeError: when the port is in use.
    """
    _check_port(port)
    file = store_file(uri)
    folder = file.resolve().parent if file else Path.cwd()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            server_command(uri, (folder / ARTIFACTS).as_uri(), port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_ENVIRONMENT | os.environ,
            start_new_session=True,
        )
        previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            yield TrackingServer(process, log, port)
        finally:
            signal.signal(signal.SIGTERM, previous)
            _stop(process)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CopeError(
                f"port {port} cannot be used ({error.strerror}): choose another with --port"
            ) from None


def _stop(process: subprocess.Popen[bytes]) -> None:
    _send_signal(process, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _send_signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait(STOP_SECONDS)


def _send_signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
