"""`cope ui` around a server that stands in for MLflow's."""

import io
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner

from cope.cli.main import app
from cope.tracking import server
from cope.tracking.server import runs_page, server_command

STUB = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = " ".join(sys.argv[1:]).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
RUN = """
import sys
from cope.cli import main
from cope.tracking import server
server.server_command = lambda uri, artifacts, port: [
    sys.executable, "-c", {stub!r}, str(port), uri, artifacts
]
main.app(["ui", *sys.argv[1:]], prog_name="cope")
"""


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize(("end", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_it_serves_the_store_until_it_is_stopped(
    tmp_path: Path, end: signal.Signals, status: int
) -> None:
    (tmp_path / "mlflow.db").touch()
    port = free_port()
    command = [sys.executable, "-c", RUN.format(stub=STUB), "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as page:
        stuck = threading.Timer(60, page.kill)
        stuck.start()
        try:
            assert page.stdout is not None
            address = page.stdout.readline().strip()
            assert address == f"http://127.0.0.1:{port}"
            served = httpx.get(address, trust_env=False).text
            page.send_signal(end)
            said = page.communicate()[1]
        finally:
            stuck.cancel()
    assert served == f"{port} sqlite:///mlflow.db {(tmp_path / 'mlartifacts').as_uri()}"
    assert page.returncode == status and "Traceback" not in said
    with pytest.raises(httpx.TransportError):
        httpx.get(address, trust_env=False)


def test_no_store_yet_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ui"])
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: there is no store {tmp_path / 'mlflow.db'}: `cope eval` makes it, or name another with --store\n"
    )


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = CliRunner().invoke(app, ["ui", "--port", str(taken.getsockname()[1])])
    assert (
        result.exit_code == 1
        and result.stderr.count("\n") == 1
        and "choose another with --port" in result.stderr
    )


def test_a_server_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.db").touch()
    code = "import sys; sys.exit('not a database')"
    monkeypatch.setattr(
        "cope.tracking.server.server_command", lambda *_: [sys.executable, "-c", code]
    )
    result = CliRunner().invoke(app, ["ui", "--store", "other.db", "--port", str(free_port())])
    assert result.exit_code == 1
    assert result.stderr.endswith("error: MLflow does not start on this store: not a database\n")


def test_a_tracking_server_needs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    result = CliRunner().invoke(app, ["ui"])
    assert (result.exit_code, result.stdout) == (0, "http://127.0.0.1:9\n")


@pytest.mark.parametrize(
    ("replies", "page"),
    [
        (
            {
                "experiments": {"experiments": [{"experiment_id": "3"}, {"experiment_id": "7"}]},
                "runs": {"runs": [{"info": {"experiment_id": "7"}}]},
            },
            "/#/experiments/7/runs",
        ),
        ({"experiments": {"experiments": [{"experiment_id": "3"}]}}, ""),
        ({}, ""),
        ({"experiments": {"experiments": "none"}}, ""),
        ({"experiments": []}, ""),
        ({"experiments": {"experiments": [{"experiment_id": "3"}]}, "runs": {"runs": [1]}}, ""),
    ],
)
def test_it_opens_on_the_experiment_of_the_newest_run(
    replies: object, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def post(url: str, json: dict[str, object], **more: object) -> httpx.Response:
        asked.append(json)
        request = httpx.Request("POST", url)
        return httpx.Response(200, json=replies.get(url.split("/")[-2], {}), request=request)

    monkeypatch.setattr(httpx, "post", post)
    assert runs_page("http://127.0.0.1:5000") == f"http://127.0.0.1:5000{page}"
    assert asked[0]["filter"] == "name LIKE 'cope-%'"


def test_it_ends_when_the_server_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.db").touch()
    code = STUB.replace("serve_forever()", "handle_request(); sys.exit('out of memory')")
    monkeypatch.setattr(
        "cope.tracking.server.server_command",
        lambda uri, artifacts, port: [sys.executable, "-c", code, str(port)],
    )
    result = CliRunner().invoke(app, ["ui", "--port", str(free_port())])
    assert result.exit_code == 1
    assert result.stderr.endswith("error: MLflow ended by itself: out of memory\n")


def test_it_waits_while_the_process_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine may take minutes; only the end of the process ends the wait."""
    (tmp_path / "mlflow.db").touch()
    process = SimpleNamespace(poll=lambda: None, wait=lambda: None)
    monkeypatch.setattr(server.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(server.time, "sleep", lambda seconds: None)
    answers = iter(
        [httpx.ConnectError("refused")] * 1000 + [httpx.Response(503), httpx.Response(200)]
    )
    clock = iter(range(0, 10**6, 10))

    def get(url: str, **more: object) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx, "get", get)
    server.TrackingServer(process, io.BytesIO(), 5000).wait_until_ready()
    assert next(answers, None) is None


def test_mlflow_is_asked_to_listen_on_this_machine_alone() -> None:
    command = server_command("sqlite:///mlflow.db", "file:///runs/mlartifacts", 5001)
    assert command[:4] == [sys.executable, "-m", "mlflow", "server"]
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert options["--host"] == "127.0.0.1" and options["--port"] == "5001"
    assert options["--backend-store-uri"] == "sqlite:///mlflow.db"
