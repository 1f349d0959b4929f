"""How fast does cope.run answer a table, and does its memory grow with it?

    python benchmarks/tables.py --rows 100000

A scripted model answers at once, with one call for each row, so that the time is that of this
package and of DSPy. The same questions are also asked of the cascade alone, without a table, a
journal and an output: the ratio is what a table costs. The memory is the resident set after a tenth
of the rows and at the end. Aims: 300 rows a second on two cores, at most 1.5 times the cascade
alone, and a memory that does not grow.
"""

import argparse
import asyncio
import csv
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from _shared import Ratio, finish, run, say

MB = 1_000_000
COMPARED = 1000  # rows that the cascade alone is asked, and a table of as many


class Requests(list[Any]):
    """A list that stays empty: a scripted engine keeps its requests."""

    def append(self, item: Any) -> None:
        """Do nothing."""


def scripted_cascade() -> Any:
    """Return a cascade with one call for each question."""
    from cope import Cascade, Team
    from cope.models import ScriptedEngine

    engine = ScriptedEngine(lambda messages, request: "one step\nAnswer: 4")
    engine.requests = Requests()
    return Cascade("small", Team(engine, engine, cache=False), answer_kind="text")


def write_table(path: Path, rows: int) -> None:
    """Write a table of questions."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number in range(rows):
            writer.writerow([number, f"What is {number} + {number}?"])


def ask_alone(cascade: Any, rows: int) -> tuple[float, float]:
    """Ask the cascade alone; return wall and processor seconds a row."""
    from cope.programs import ask_system

    numbers: Iterator[int] = iter(range(rows))

    async def worker() -> None:
        for number in numbers:
            await ask_system(cascade, {"question": f"What is {number} + {number}?"})

    async def all_workers() -> None:
        await asyncio.gather(*(worker() for _ in range(cascade.concurrency())))

    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(all_workers())
    return (time.perf_counter() - wall) / rows, (time.process_time() - cpu) / rows


def answer(cascade: Any, folder: Path, rows: int, note: Any = None) -> tuple[float, float]:
    """Answer a table; return wall and processor seconds a row."""
    import cope

    write_table(folder / "in.csv", rows)
    wall, cpu = time.perf_counter(), time.process_time()
    cope.run(
        folder / "in.csv",
        "text",
        program=cascade,
        output=folder / "out.csv",
        again=True,
        on_row=note,
    )
    return (time.perf_counter() - wall) / rows, (time.process_time() - cpu) / rows


def measure(rows: int, repetitions: int) -> tuple[list[list[Any]], list[Any]]:
    """Return the rows of the table, and the lines below it."""
    cascade = scripted_cascade()
    process = psutil.Process()
    resident: dict[int, int] = {}

    def note(row: Any, totals: Any) -> None:
        if totals.rows in (max(1, rows // 10), rows):
            resident[totals.rows] = process.memory_info().rss
        if totals.rows % 10_000 == 0:
            say(f"{totals.rows} of {rows} rows, {process.memory_info().rss / MB:.0f} MB")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compared = min(rows, COMPARED)
        answer(cascade, folder, min(rows, 20))  # imports
        ratios = []
        for _ in range(repetitions):
            alone = ask_alone(cascade, compared)
            ratios.append(answer(cascade, folder, compared)[1] / alone[1])
        wall, cpu = answer(cascade, folder, rows, note)
    first, last = min(resident.values()), resident[rows]
    table = [
        ["rows a second", 1 / wall],
        ["rows a processor second", 1 / cpu],
        ["rows a second, cascade alone", 1 / alone[0]],
        ["MB after a tenth of the rows", first / MB],
        ["MB at the end", last / MB],
        ["MB at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB],
    ]
    what = "processor time of a table to that of the cascade alone"
    lines = [Ratio.of(what, ratios, "at most 1.5")]
    grown = f"memory grew by {(last - first) / MB:.1f} MB over the last nine tenths, aim 0"
    return table, [*lines, f"{1 / wall:.0f} rows a second, aim at least 300", grown]


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the table (100000)")
    parser.add_argument("--repetitions", type=int, default=5, help="of the comparison (5)")
    parser.add_argument("--quick", action="store_true", help="200 rows, one comparison")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows, repetitions = (200, 1) if args.quick else (args.rows, args.repetitions)
    finish(args.json, ["what", "value"], *measure(rows, repetitions))


if __name__ == "__main__":
    run(main)
