"""How long does `cope --help` take, compared with a Python that does nothing?

The two alternate, so that they see the same state of the machine; the medians are compared. Aim:
under 0.3 s. On a machine that does other work, rely on the processor seconds.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _shared import Ratio, finish, say


def seconds(command: list[str]) -> tuple[float, float]:
    """Return wall and processor seconds of one run of a command, which must succeed."""
    wall, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return time.perf_counter() - wall, used


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10, help="runs of each command (10)")
    parser.add_argument("--quick", action="store_true", help="3 runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    # The environment's own command comes first, because the environment may not be activated.
    scripts = str(Path(sys.executable).parent)
    cope = shutil.which("cope", path=scripts) or shutil.which("cope")
    if not cope:
        parser.error("there is no command cope: install the project first (uv sync)")
    commands = {"python -c pass": [sys.executable, "-c", "pass"], "cope --help": [cope, "--help"]}
    for command in commands.values():
        seconds(command)  # brings both into the file cache
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(3 if args.quick else args.runs):
        say(f"run {number + 1}")
        for name, command in commands.items():
            times[name].append(seconds(command))
    rows = [
        [name, *(statistics.median(v) for v in zip(*taken, strict=True)), min(taken)[0]]
        for name, taken in times.items()
    ]
    pairs = zip(times["cope --help"], times["python -c pass"], strict=True)
    ratio = Ratio.of("cope --help, in starts of a bare Python", [a[0] / b[0] for a, b in pairs])
    line = f"cope --help: {rows[1][1]:.3f} s, aim under 0.3 s"
    finish(args.json, ["command", "median s", "processor s", "least s"], rows, [ratio, line])


if __name__ == "__main__":
    main()
