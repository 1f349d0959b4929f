"""What does a verdict cost?

Measures verdicts per second on all cores, against a bare `python -I` process that runs the same
program followed by its tests: without isolation or limits, and with a verdict that the program can
forge. The two methods alternate on the same programs, so that a machine that slows down slows both.
With --with-model, verdicts are requested while an embedded model generates, and the model is timed
with and without them: neither should wait for the other.

    python benchmarks/sandbox.py --runs 200
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from _shared import Ratio, finish, run, say

PROGRAM = """
import re

def words(text):
    return re.findall(r"[a-z]+", text.lower())

def count(text):
    return len(words(text))
"""
TESTS = (
    "assert count('a b c') == 3",
    "assert count('') == 0",
    "assert words('One, two') == ['one', 'two']",
)
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bare(count: int) -> float:
    """Return the seconds of `count` bare processes, one per core at a time."""
    source = PROGRAM + "\n".join(TESTS)

    def one(_: int) -> None:
        subprocess.run([sys.executable, "-I", "-c", source], check=True)

    began = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, range(count)))
    return time.perf_counter() - began


async def verdicts(count: int) -> float:
    """Return the seconds of `count` verdicts, all requested at once."""
    from cope.sandbox import TestSuite, open_sandbox

    sandbox, suite = open_sandbox(), TestSuite(TESTS)
    began = time.perf_counter()
    reports = await asyncio.gather(*(sandbox.run(PROGRAM, suite) for _ in range(count)))
    assert all(report.all_passed for report in reports)
    return time.perf_counter() - began


async def generate(seconds: float) -> float:
    """Return tokens per second of the default small model in this process, over some seconds."""
    from cope import Team
    from cope.models import metered

    lm = Team()["small"].lm
    began, tokens = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        with metered() as meter:
            await lm.acall(
                messages=[{"role": "user", "content": f"Count from {tokens} upwards."}],
                temperature=0.0,
                max_tokens=64,
            )
        tokens += sum((call.completion_tokens or 0) for call in meter.calls)
    return tokens / (time.perf_counter() - began)


async def steadily(until: "asyncio.Task[float] | None", seconds: float) -> float:
    """Return verdicts per second, over some seconds or as long as a task runs."""
    began, count = time.perf_counter(), 0
    while not until.done() if until else time.perf_counter() - began < seconds:
        await verdicts(CORES)
        count += CORES
    return count / (time.perf_counter() - began)


async def with_model(seconds: float) -> list[list[object]]:
    """Return rows for the model alone, verdicts alone, and both together."""
    await generate(0.1)  # loads the model
    tokens = await generate(seconds)
    rate = await steadily(None, seconds)
    model = asyncio.create_task(generate(seconds))
    return [
        ["verdicts alone", rate],
        ["verdicts with a model", await steadily(model, seconds)],
        ["tokens alone", tokens],
        ["tokens with verdicts", await model],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200, help="verdicts of every way (200)")
    parser.add_argument(
        "--with-model", action="store_true", help="also while the default small model generates"
    )
    parser.add_argument("--quick", action="store_true", help="20 verdicts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    asyncio.run(verdicts(CORES))  # the processes for tests are started once
    turns, runs = 5, 20 if args.quick else args.runs
    each = max(1, runs // turns)
    times: dict[str, list[float]] = {"bare": [], "sandbox": []}
    for turn in range(turns):
        for way in sorted(times, reverse=bool(turn % 2)):
            times[way].append(bare(each) if way == "bare" else asyncio.run(verdicts(each)))
        say(f"{(turn + 1) * each} of {turns * each}")
    rows: list[list[object]] = [
        [way, each * turns / sum(seconds)] for way, seconds in times.items()
    ]
    ratios = [ours / theirs for ours, theirs in zip(times["sandbox"], times["bare"], strict=True)]
    if args.with_model:
        rows += asyncio.run(with_model(20.0))
    finish(
        args.json,
        ["way", "a second"],
        rows,
        [Ratio.of("sandbox / bare, seconds", ratios, "at most 2")],
    )


if __name__ == "__main__":
    run(main)
