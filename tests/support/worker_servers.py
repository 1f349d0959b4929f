"""`cope serve --workers N` as a user starts it, before a server of chat completions that can hold replies back."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from support.fault_server import CHAT_REPLY, FaultServer, Reply
from support.servers import serving

SECONDS = 60.0


class Upstream(FaultServer):
    """Answers chat completions, and counts how many it answers at once.

    Attributes:
        open: replies wait until it is set, as it is at first.
        running: requests that it answers now.
        most: the highest number of these so far.
    """

    def __init__(self) -> None:
        super().__init__([self._answer])
        self.open = threading.Event()
        self.open.set()
        self._lock = threading.Lock()
        self.running = self.most = 0

    def _answer(self, body: dict[str, Any]) -> Reply:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.open.wait(SECONDS)
        time.sleep(0.002)
        with self._lock:
            self.running -= 1
        return Reply(CHAT_REPLY)


@dataclass
class Started:
    """A running command.

    Attributes:
        process: the process that the user started.
        upstream: what answers its calls.
        url: its address without a path.
        lines: what it has written on stderr.
    """

    process: "subprocess.Popen[str]"
    upstream: Upstream
    url: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer, those that are starting too."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it has just ended
                if "--multiprocessing-fork" in child.cmdline():
                    found.append(child)
        return found

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of the log of requests; other lines are not JSON."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    @property
    def messages(self) -> list[str]:
        """What it has written besides the log."""
        return [line for line in self.lines if not line.startswith("{")]

    def clients_of(self, worker: psutil.Process) -> int:
        """Return how many connections of clients a worker has."""
        count = 0
        for connection in worker.net_connections("tcp"):
            is_here = connection.laddr.port == self.port
            count += is_here and connection.status == psutil.CONN_ESTABLISHED
        return count

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the first process, and return how it ended."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def started(folder: Path, *words: str, workers: int = 2) -> Iterator[Started]:
    """Start a server with keys in a folder, and wait until it answers; what runs at the end is killed."""
    with serving(Upstream()) as upstream:
        tier = f"openai/stub@{upstream.address}/v1"
        command = [sys.executable, "-c", "from cope.cli.main import main; main()", "serve"]
        command += ["--preset", "small", "--small", tier, "--large", tier, "--no-cache"]
        command += ["--port", "0", "--key-file", str(folder / "keys.sqlite")]
        command += ["--workers", str(workers), *words]
        process = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )
        server = Started(process, upstream)
        reading = threading.Thread(target=_read, args=(server,))
        reading.start()
        try:
            wait_until(lambda: bool(server.url) or process.poll() is not None)
            assert server.url, server.lines
            yield server
        finally:
            upstream.open.set()
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
            process.wait()
            reading.join()
            process.stderr.close()


def _read(server: Started) -> None:
    for line in server.process.stderr or ():
        server.lines.append(line.rstrip("\n"))
        found = re.match(r"serving .* at (http://\S+)/v1", line)
        if found:
            server.url = found[1]


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: when it does not within some seconds.
    """
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.01)
