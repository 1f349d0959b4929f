"""What does a round of samples cost its client, beside other clients of the same server?

A stub server answers every request after a fixed delay. Each client asks one question several
times at once, in a process and an environment of its own: self-consistency of its_hub, the OpenAI
SDK alone, DSPy's predictor, our cascade, and LiteLLM. The clients take turns, round by round, so
that other work on the machine disturbs them alike. Counted is the processor time of the client's
process.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
from _shared import Ratio, finish, say
from _stub import serving

AIM = 5.0
"""Milliseconds of processor time that a round of eight of ours may take."""

WORKER = Path(__file__).with_name("_peer.py")

LONGEST_ROUND = 120.0
"""Seconds after which a client that gives no sign is ended; first rounds import much."""


@dataclass(frozen=True)
class Peer:
    """A client of the comparison.

    Attributes:
        title: its name in the table.
        packages: what its environment needs; empty for the environment of this project.
        ours: whether it is the cascade.
    """

    title: str
    packages: tuple[str, ...] = ()
    ours: bool = False


PEERS = {
    "its_hub": Peer("its_hub, self-consistency", ("its_hub[lm]",)),
    "openai": Peer("openai SDK alone", ("openai",)),
    "dspy": Peer("dspy.Predict", ("dspy>=3.4.1,<3.5",)),
    "cascade": Peer("our Cascade, OpenAI-compatible", ours=True),
    "cascade-ollama": Peer("our Cascade, Ollama", ours=True),
    "cascade-batch": Peer("our Cascade, several samples by one request", ours=True),
    "litellm": Peer("LiteLLM", ("litellm>=1.84,<2",)),
}


@dataclass
class Client:
    """A running client and the milliseconds of its rounds."""

    process: "subprocess.Popen[str]"
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def ask(self, question: str, counts: bool) -> None:
        """Let the client ask one round.

        Raises:
            RuntimeError: when it fails.
        """
        line = _exchange(self.process, question + "\n")
        if counts:
            times = json.loads(line)
            self.cpu.append(1000 * times["cpu"])
            self.wall.append(1000 * times["wall"])


def _exchange(process: "subprocess.Popen[str]", text: str) -> str:
    """Send a text to a client and return the line that it prints.

    Raises:
        RuntimeError: when it ends, or prints nothing for too long.
    """
    assert process.stdin and process.stdout
    watch = threading.Timer(LONGEST_ROUND, process.kill)
    watch.start()
    try:
        process.stdin.write(text)
        process.stdin.flush()
        line = process.stdout.readline()
    finally:
        watch.cancel()
    if not line:
        raise RuntimeError(f"it ended, or was silent for {LONGEST_ROUND:g} s")
    return line


def environment(name: str, packages: tuple[str, ...], folder: Path) -> Path:
    """Return the Python of a peer's environment, which is made if it is missing.

    Raises:
        RuntimeError: when its packages cannot be installed.
    """
    python = folder / name / "bin" / "python"
    done = folder / name / "installed"
    if done.exists() and python.exists():
        return python
    say(f"installing {', '.join(packages)} ...")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    _uv("venv", "--quiet", "--clear", "--python", version, str(folder / name))
    _uv("pip", "install", "--quiet", "--python", str(python), *packages)
    done.touch()
    return python


def _uv(*arguments: str) -> None:
    try:
        done = subprocess.run(["uv", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise RuntimeError(f"uv does not run: {error}") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise RuntimeError(lines[-1][:200])


@contextmanager
def running(name: str, python: Path, url: str, samples: int) -> Iterator[Client]:
    """Yield a client that is ready.

    Raises:
        RuntimeError: when it does not start.
    """
    command = [str(python), str(WORKER), name, url, str(samples)]
    variables = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # no look at a network
    with subprocess.Popen(
        command,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        try:
            _exchange(process, "")
            yield Client(process)
        finally:
            process.stdin.close()


def measure(clients: dict[str, Client], rounds: int) -> dict[str, str]:
    """Let all clients ask their rounds in turn, and return the reason for each that failed."""
    failed: dict[str, str] = {}
    draw = random.Random(0)
    for number in range(rounds + 3):
        names = [name for name in clients if name not in failed]
        for name in draw.sample(names, len(names)):
            try:  # the first rounds open connections and run lazy imports
                clients[name].ask(f"Question {number}: what is 2 + 2?", number >= 3)
            except (RuntimeError, OSError) as error:
                failed[name] = str(error)
    return failed


def compare(
    url: str, names: list[str], samples: int, rounds: int, folder: Path
) -> tuple[dict[str, Client], list[str]]:
    """Return the clients with their times, and a line about each that could not be measured."""
    clients: dict[str, Client] = {}
    missing: list[str] = []
    with ExitStack() as stack:
        for name in names:
            peer = PEERS[name]
            try:
                python = Path(sys.executable)
                if peer.packages:
                    python = environment(name, peer.packages, folder)
                clients[name] = stack.enter_context(running(name, python, url, samples))
            except RuntimeError as error:
                missing.append(f"{peer.title}: not measured, because {error}")
        failed = measure(clients, rounds)
    for name, reason in failed.items():
        missing.append(f"{PEERS[name].title}: not measured, because {reason}")
        del clients[name]
    return clients, missing


def report(clients: dict[str, Client]) -> tuple[list[list[object]], list[object]]:
    """Return the rows of the table, and the ratios of our rounds and the leanest peer's."""
    rows: list[list[object]] = []
    medians: dict[str, float] = {}
    for name, client in clients.items():
        medians[name] = statistics.median(client.cpu)
        quartiles = statistics.quantiles(client.cpu, n=4)
        span = f"{quartiles[0]:.1f} to {quartiles[2]:.1f}"
        wall = statistics.median(client.wall)
        rows.append([PEERS[name].title, medians[name], span, min(client.cpu), wall])
    lines: list[object] = []
    peers = [name for name in clients if not PEERS[name].ours]
    leanest = min(peers, key=medians.__getitem__, default=None)
    for name, client in clients.items():
        if not PEERS[name].ours:
            continue
        title = PEERS[name].title
        lines.append(f"{title}: {medians[name]:.1f} ms of processor time a round, aim {AIM:g}")
        if leanest is not None:
            pairs = zip(client.cpu, clients[leanest].cpu, strict=True)
            ratios = [ours / theirs for ours, theirs in pairs]
            lines.append(Ratio.of(f"{title} / {PEERS[leanest].title}", ratios, "1"))
    return rows, lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=8, help="requests in a round (8)")
    parser.add_argument(
        "--delay", type=float, default=20, help="milliseconds after which the stub answers (20)"
    )
    parser.add_argument("--rounds", type=int, default=40, help="rounds of every client (40)")
    parser.add_argument(
        "--only", action="append", choices=list(PEERS), help="a client; all when left out"
    )
    parser.add_argument("--environments", help="folder of the peers' environments")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    folder = Path(args.environments or platformdirs.user_cache_path("cope", False) / "peers")
    with serving(args.delay / 1000) as url:
        clients, missing = compare(url, args.only or list(PEERS), args.samples, args.rounds, folder)
    header = ["client", "processor ms a round", "quartiles", "quickest", "ms a round"]
    rows, lines = report(clients)
    finish(args.json, header, rows, [*lines, *missing])


if __name__ == "__main__":
    main()
