"""A compiled program as a model that `mlflow models serve` serves, with a real, very small model behind it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from cope import Cascade, Team
from cope.models.weights.progress import DownloadBar
from cope.models.weights.resolve import resolve_weights
from cope.optimize.compiler.mlflow_log import make_servable
from cope.tracking import tracked_run

pytestmark = pytest.mark.live

START_SECONDS = 300  # ten on a machine with nothing else to do


def test_a_logged_program_is_served(tmp_path: Path):
    with DownloadBar("smollm2-135m") as bar:
        resolve_weights("smollm2-135m", progress=bar)
    team = Team("local/smollm2-135m", "local/smollm2-135m", max_tokens=24, context=512)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    with tracked_run("cope-compile-live", "serve", {}, store=store, traces=False) as run:
        run.log_model(
            make_servable(Cascade("small", team)),
            {"question": "string"},
            {"question": "What is 3 + 4?"},
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        "models",
        "serve",
        "-m",
        f"runs:/{run.id}/program",
        "--env-manager",
        "local",
        "-p",
        str(port),
    ]
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow looks for uvicorn there
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PATH": found, "MLFLOW_TRACKING_URI": store},
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_SECONDS) as client:
            _wait(client, server, tmp_path / "server.log")
            reply = client.post("/invocations", json={"inputs": {"question": "What is 3 + 4?"}})
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
    assert reply.status_code == 200, reply.text
    said = json.loads(reply.text)["predictions"]
    assert said["round"] == 1 and said["rounds"][0]["asked"] == 1
    (used,) = said["usage"]
    assert used["tier"] == "small" and 0 < used["completion_tokens"] <= 24


def _wait(client: httpx.Client, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            client.get("/ping").raise_for_status()
            return
        except httpx.HTTPError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
