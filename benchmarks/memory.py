"""How much memory does a command take above the weights that it loads?

    python benchmarks/memory.py -- cope eval gsm8k --data FILE --limit 3

The command runs unchanged, with its output on stderr. Its memory is the resident set of it and its
children, measured ten times a second; pages that two of them share count twice, so the figure is an
upper bound. Pages of mapped files count too, which the system takes back when it needs memory; what
no file backs has its own line. Aim: 1 GB above the weights.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
from _shared import finish, run

MB = 1_000_000


def peak(command: list[str], interval: float = 0.1) -> tuple[int, int, int, int]:
    """Run a command; return its exit code, and its peak bytes: alone, unmapped, with children."""
    alone = unmapped = together = 0
    with subprocess.Popen(command, stdout=sys.stderr) as run:
        process = psutil.Process(run.pid)
        while run.poll() is None:
            try:
                memory = process.memory_info()
                own = memory.rss
                alone = max(alone, own)
                unmapped = max(unmapped, own - getattr(memory, "shared", 0))
                together = max(together, own + sum(map(_held, process.children(recursive=True))))
            except psutil.NoSuchProcess:
                break
            time.sleep(interval)
    return run.returncode, alone, unmapped, together


def _held(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:  # it ended between two measurements
        return 0


def size(weights: str) -> int:
    """Return the bytes of some weights: a file, or a name in the catalog."""
    from cope.models.weights.catalog import lookup

    return Path(weights).stat().st_size if weights.endswith(".gguf") else lookup(weights).size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights",
        nargs="*",
        default=["small", "large"],
        help="what the command loads (the default pair)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("command", nargs="+", help="after --, the command")
    args = parser.parse_args()
    scripts = str(Path(sys.executable).parent)
    program = shutil.which(args.command[0], path=scripts) or shutil.which(args.command[0])
    if not program:
        parser.error(f"there is no command {args.command[0]}")
    weights = sum(map(size, args.weights))
    code, alone, unmapped, together = peak([program, *args.command[1:]])
    if code:
        sys.exit(f"the command ended with exit code {code}")
    rows = [
        ["peak", together / MB],
        ["of it the command alone", alone / MB],
        ["the command alone, without mapped files", unmapped / MB],
        ["weights", weights / MB],
    ]
    above = (together - weights) / MB
    finish(
        args.json,
        ["memory", "MB"],
        rows,
        [f"above the weights: {above:.0f} MB, aim at most 1000 MB"],
    )


if __name__ == "__main__":
    run(main)
