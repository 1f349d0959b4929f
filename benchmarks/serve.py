"""How much does `cope serve` add to a model's time under load, compared with other proxies?

A stub server answers every call after a fixed delay. The same clients ask it directly, through a
bare Starlette proxy, through LiteLLM's proxy, and through `cope serve` with one tier alone, by one
process and by several, so that each request is one call. Server, stub and clients are processes of
their own.

    ideal = the delay; added = a proxy's percentile minus that of the stub alone

The defaults take about six minutes once LiteLLM's proxy is installed, which the first run does.
With more clients than a server can answer in time, `p99 / ideal` says how far it is from that: 200
clients and 200 ms offer 1,000 requests a second.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import psutil
from _servers import Server, bare_server, cope_server, litellm_server
from _shared import finish, run, say
from _stub import serving

HERE = Path(__file__).parent
_START_SECONDS = 180.0
HEADER = [
    "server",
    "requests",
    "errors",
    "a second",
    "ideal ms",
    "p50 ms",
    "p99 ms",
    "p99 / ideal",
    "added p50 ms",
    "added p99 ms",
    "CPU ms each",
    "MB at 10%",
    "MB at 50%",
    "MB at 100%",
]
WATCHED = (0.1, 0.5)
"""Shares of the time at which memory is read, before its end."""


@dataclass(frozen=True)
class Measured:
    """The result of one server.

    Attributes:
        title: what it is.
        seconds: of each reply.
        errors: how often what went wrong.
        elapsed: seconds of the whole load.
        cpu: processor seconds; None for the stub.
        memory: MB at 10%, 50% and 100% of the time; None for the stub.
    """

    title: str
    seconds: list[float]
    errors: dict[str, int]
    elapsed: float
    cpu: float | None
    memory: Sequence[float | None]

    def quantile(self, share: float) -> float:
        """Return the milliseconds that a share of the replies stays below."""
        if not self.seconds:
            return float("nan")
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def row(self, ideal_ms: float, direct: "Measured") -> list[Any]:
        """Return the row of the table."""
        p50, p99 = self.quantile(0.5), self.quantile(0.99)
        count = len(self.seconds)
        row: list[Any] = [self.title, count, sum(self.errors.values()), count / self.elapsed]
        row += [
            ideal_ms,
            p50,
            p99,
            p99 / ideal_ms,
            p50 - direct.quantile(0.5),
            p99 - direct.quantile(0.99),
        ]
        row.append(None if self.cpu is None or not count else 1000 * self.cpu / count)
        return [*row, *self.memory]


@contextmanager
def started(server: Server, log: Path) -> Iterator[psutil.Process]:
    """Start a server, wait until it answers, and stop it at the end.

    Raises:
        RuntimeError: when it does not answer, with the last line that it wrote.
    """
    with (
        log.open("w") as output,
        subprocess.Popen(server.command, stdout=output, stderr=output, cwd=log.parent) as process,
    ):
        try:
            limit = time.monotonic() + _START_SECONDS
            while not _answers(server):
                if process.poll() is not None or time.monotonic() > limit:
                    lines = log.read_text().strip().splitlines() or ["it does not answer"]
                    raise RuntimeError(lines[-1][:200])
                time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(server: Server) -> bool:
    """Return whether a server answers a request."""
    result = ask(server.url, server.model, 1, 0.001)
    return bool(result["seconds"])


def ask(
    url: str,
    model: str,
    clients: int,
    seconds: float,
    watch: Callable[[], float | None] = lambda: None,
) -> dict[str, Any]:
    """Load a server from a process of its own, and return what it measured.

    Args:
        url: the address of its API.
        model: the model that is asked.
        clients: how many ask at once.
        seconds: how long they do.
        watch: returns the memory; it is called at 10%, 50% and the end, for the key `memory`.
    """
    command = [sys.executable, str(HERE / "_load.py"), url, model, str(clients), str(seconds)]
    started = time.monotonic()
    memory = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        for share in WATCHED:
            time.sleep(max(0.0, started + share * seconds - time.monotonic()))
            memory.append(watch())
        printed = load.communicate()[0]
        memory.append(watch())
    if load.returncode:
        raise RuntimeError(f"the clients failed with code {load.returncode}")
    found: dict[str, Any] = json.loads(printed)
    found["memory"] = memory
    return found


def memory_mb(process: psutil.Process | None) -> float | None:
    """Return the memory of a process and its children."""
    if process is None:
        return None
    total = 0
    for one in [process, *process.children(recursive=True)]:
        total += one.memory_info().rss
    return total / 1e6


def cpu_seconds(process: psutil.Process | None) -> float | None:
    """Return the processor seconds of a process and its children."""
    if process is None:
        return None
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system
    return total


def measure(
    title: str, url: str, model: str, clients: int, seconds: float, process: Any = None
) -> Measured:
    """Load a server: for a tenth of the time to warm it up, then to measure it."""
    say(f"{title}: {clients} clients for {seconds:g} s ...")
    ask(url, model, clients, max(1.0, seconds / 10))
    began = cpu_seconds(process)
    found = ask(url, model, clients, seconds, lambda: memory_mb(process))
    ended = cpu_seconds(process)
    cpu = None if began is None or ended is None else ended - began
    elapsed, memory = found["elapsed"], found["memory"]
    return Measured(title, found["seconds"], found["errors"], elapsed, cpu, memory)


def compare(args: Any, folder: Path) -> tuple[list[Measured], list[str]]:
    """Measure the stub alone and every server, and say which could not be measured."""
    measured, notes = [], []
    with serving(args.delay / 1000) as stub:
        upstream = f"{stub}/v1"
        measured.append(measure("the stub alone", upstream, "stub", args.clients, args.seconds))
        makers = {
            "bare": lambda: bare_server(upstream),
            "litellm": lambda: litellm_server(
                upstream, folder, Path(args.environments) / "litellm-proxy"
            ),
            "cope": lambda: cope_server(upstream, args.clients, folder),
            "cope-workers": lambda: cope_server(upstream, args.clients, folder, args.workers),
        }
        for name in args.only or makers:
            try:
                server = makers[name]()
                with started(server, folder / f"{name}.log") as process:
                    measured.append(
                        measure(
                            server.title,
                            server.url,
                            server.model,
                            args.clients,
                            args.seconds,
                            process,
                        )
                    )
            except (RuntimeError, OSError) as error:
                notes.append(f"{name} was not measured: {error}")
    return measured, notes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=200, help="clients at once (200)")
    parser.add_argument("--seconds", type=float, default=60, help="seconds a server (60)")
    parser.add_argument("--delay", type=float, default=200, help="milliseconds of a call (200)")
    parser.add_argument(
        "--only", action="append", choices=["bare", "litellm", "cope", "cope-workers"]
    )
    parser.add_argument("--workers", type=int, default=2, help="processes of cope-workers (2)")
    environments = platformdirs.user_cache_path("cope", False) / "peers"
    parser.add_argument(
        "--environments", default=environments, help="folder of peers' environments"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured, notes = compare(args, Path(folder))
    rows = [one.row(args.delay, measured[0]) for one in measured]
    for one in measured:
        for error, count in one.errors.items():
            notes.append(f"{one.title}: {count} times {error}")
    finish(args.json, HEADER, rows, notes)


if __name__ == "__main__":
    run(main)
