"""A batch that is killed in the middle and run again asks the server for no finished call again."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.batch_api import answered_line
from support.servers import serving

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "_killed_batch.py"
IN_FLIGHT = 8
ROWS = 30


class CountingServer(ThreadingHTTPServer):
    """Answers chat completions, and counts them.

    Attributes:
        count: the number of requests.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.count = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.count += 1
            number = self.server.count
        time.sleep(0.003)
        line = {"custom_id": "x", "body": body}
        answered = answered_line(line, lambda asked: reply(asked, number))
        data = json.dumps(answered["response"]["body"]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def reply(body: dict[str, Any], number: int) -> str:
    asked = int(re.findall(r"What is (\d+)", body["messages"][-1]["content"])[0])
    unsure = body["model"] == "small" and asked % 3 == 0
    return f"so\nAnswer: {number + 1000 if unsure else asked}"


def batch(folder: Path, name: str, server: CountingServer) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), name, server.address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def answers(folder: Path) -> list[dict[str, Any]]:
    rows = pq.read_table(folder).to_pylist()
    return [{name: row[name] for name in ("answer", "round", "calls", "tokens")} for row in rows]


def test_a_killed_batch_pays_for_no_call_twice(tmp_path: Path):
    rows = "".join(json.dumps({"text": f"What is {n}?"}) + "\n" for n in range(1, ROWS + 1))
    (tmp_path / "in.jsonl").write_text(rows)
    with serving(CountingServer()) as server:
        calls = int(batch(tmp_path, "whole", server).communicate()[0])
        assert server.count == calls == ROWS * 16 + ROWS // 3 * (1 + 8) + ROWS // 3
        for share in (0.2, 0.5, 0.8):
            name = f"killed-{share}"
            server.count = 0
            running = batch(tmp_path, name, server)
            while server.count < calls * share and running.poll() is None:
                time.sleep(0.002)
            running.send_signal(signal.SIGKILL)
            running.wait()
            assert server.count < calls, "it was killed too late"
            assert int(batch(tmp_path, name, server).communicate()[0]) == calls
            assert calls <= server.count <= calls + IN_FLIGHT
            assert answers(tmp_path / name) == answers(tmp_path / "whole")
