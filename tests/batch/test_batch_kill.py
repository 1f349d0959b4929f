"""A batch that is killed in the middle and run again pays for no call twice, counted at a server."""

import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from support.counting_server import CountingServer, number_or_guess
from support.servers import serving

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "_killed_batch.py"
ROWS = 240
CALLS = ROWS * 4 + ROWS // 3 * (1 + 2) + ROWS // 3
SECONDS = 600


def batch(folder: Path, name: str, server: CountingServer, runner: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), name, server.address, runner]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def wait_until(holds: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


def stored(folder: Path) -> int:
    """Return the number of calls in a store."""
    return sum(len(json.loads(file.read_bytes())) for file in folder.rglob("calls.json"))


def pythons(running: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the processes of Python that a process has started."""
    every = psutil.Process(running.pid).children(recursive=True)
    return [one for one in every if one.name().startswith("python")]


def is_asking(process: psutil.Process, server: CountingServer) -> bool:
    """Return whether a process has a connection to a server."""
    port = server.server_address[1]
    return any(one.raddr and one.raddr.port == port for one in process.net_connections())


def answers(folder: Path) -> list[dict[str, Any]]:
    rows = pq.read_table(folder).to_pylist()
    return [{name: row[name] for name in ("answer", "round", "calls", "tokens")} for row in rows]


def answer_and_kill(
    folder: Path, server: CountingServer, runner: str, share: float, kill: Callable[..., None]
) -> None:
    """Kill a batch at a share of its calls, and run it again."""
    name = f"{runner}-{share}"
    server.begin(hold_after=int(CALLS * share))
    running = batch(folder, name, server, runner)

    def is_at_share() -> bool:
        held = server.hold_after or 0
        return server.held > 0 and server.answered == held == stored(folder / f"{name}.calls")

    wait_until(is_at_share, running)
    kill(running)
    server.release()
    again, errors = batch(folder, name, server, runner).communicate()
    assert int(again) == CALLS, errors
    assert server.aborted > 0, "the kill interrupted no call"
    assert server.answered == CALLS, f"{server.answered - CALLS} calls were paid for twice"
    assert answers(folder / name) == answers(folder / "whole")


@pytest.fixture
def server(tmp_path: Path) -> Any:
    rows = "".join(json.dumps({"text": f"What is {n}?"}) + "\n" for n in range(1, ROWS + 1))
    (tmp_path / "in.jsonl").write_text(rows)
    with serving(CountingServer(number_or_guess)) as running:
        calls, errors = batch(tmp_path, "whole", running, "local").communicate()
        assert int(calls) == running.answered == CALLS, errors
        yield running


def test_a_killed_batch_pays_for_no_call_twice(tmp_path: Path, server: CountingServer):
    def kill(running: subprocess.Popen[str]) -> None:
        running.kill()
        running.wait()

    for share in (0.5, 0.9):
        answer_and_kill(tmp_path, server, "local", share, kill)


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs the extra spark")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java 17")
def test_a_killed_worker_of_spark_pays_for_no_call_twice(tmp_path: Path, server: CountingServer):
    def kill(running: subprocess.Popen[str]) -> None:
        workers = pythons(running)
        asking = [one for one in workers if is_asking(one, server)]
        asking[0].kill()
        errors = running.communicate()[1]
        assert "the job of Spark failed" in errors and "the same command resumes" in errors
        psutil.wait_procs(workers, timeout=60)

    answer_and_kill(tmp_path, server, "spark", 0.5, kill)
