"""Batches of scripted rows: local and Spark give equal bytes, memory is flat, a kill costs nothing.

`uv run benchmarks/batch.py [ROWS]` runs every part; `--parts local,spark,kill` chooses some. Spark
needs pyspark and Java 17.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")])
)

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from _batch_engine import CountingEngine

from cope import Cascade, Team
from cope.batch.job import TableJob
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price

COLUMNS = ("answer", "confidence", "round", "tier", "escalated", "calls", "tokens", "usd", "error")
"""The columns that do not depend on the clock."""


@dataclass(frozen=True)
class Bench:
    """A table in a folder.

    Attributes:
        folder: the folder.
        rows: the number of rows.
        samples: the samples of a round.
        shard_rows: the rows of a shard.
    """

    folder: Path
    rows: int
    samples: int = 2
    shard_rows: int = 1000

    @property
    def table(self) -> Path:
        """The file of the rows."""
        path = self.folder / "rows.parquet"
        if not path.exists():
            texts = [f"What is {n}?" for n in range(1, self.rows + 1)]
            pq.write_table(pa.table({"id": range(1, self.rows + 1), "text": texts}), path)
        return path

    def run(self, name: str, runner: str = "local", seconds: float = 0.0, **settings: str) -> Any:
        """Answer the table by a runner, and return the report."""
        calls = str(self.folder / f"{name}.calls")
        small = CountingEngine(True, calls, seconds)
        large = CountingEngine(False, calls, seconds)
        prices = {"small": Price(1, 2), "large": Price(10, 20)}
        team = Team(small, large, cache=False, prices=prices)
        cascade = Cascade("cope", team, answer_kind="text", early_stop="none")
        preset = cascade.preset.with_overrides(samples=self.samples, thresholds=(0.75, 0.75))
        options = BatchOptions(
            folder=str(self.folder / name),
            mapping=ColumnMapping(question="text"),
            columns=COLUMNS,
            shard_rows=self.shard_rows,
            runner=runner,
            runner_settings=settings,
        )
        system = cascade.with_settings(preset, 0)
        return run_batch(TableJob(file_table(self.table), system, options, "text"))

    def digest(self, name: str) -> str:
        """Return a digest of the bytes of an output."""
        hashed = hashlib.sha256()
        for file in sorted((self.folder / name).glob("part-*.parquet")):
            hashed.update(file.read_bytes())
        return hashed.hexdigest()[:16]

    def calls(self, name: str) -> list[str]:
        """Return the calls that the models were asked, without the process that asked them."""
        path = self.folder / f"{name}.calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return sorted(json.dumps(json.loads(line)[:-1]) for line in lines)


def timed(work: Callable[[], Any]) -> tuple[Any, float, list[float]]:
    """Return a result, the seconds it took, and the memory of this process in MiB meanwhile."""
    memory: list[float] = []
    done = threading.Event()

    def watch() -> None:
        process = psutil.Process()
        while not done.wait(0.5):
            memory.append(process.memory_info().rss / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return result, time.perf_counter() - started, memory


def quarters(memory: list[float]) -> str:
    """Return the mean memory in each quarter of the time."""
    size = max(1, len(memory) // 4)
    parts = [memory[start : start + size] for start in range(0, 4 * size, size)]
    return ", ".join(f"{sum(part) / len(part):.0f}" for part in parts if part)


def run_local(bench: Bench) -> None:
    """Answer the table in this process."""
    report, seconds, memory = timed(lambda: bench.run("local"))
    calls = sum(stage.usage.calls for stage in report.stages)
    print(
        f"local: {bench.rows:,} rows, {calls:,} calls in {seconds:.0f} s "
        f"({seconds / calls * 1000:.2f} ms a call), memory by quarter {quarters(memory)} MiB, "
        f"digest {bench.digest('local')}"
    )


def run_spark(bench: Bench) -> None:
    """Answer the table by two workers of Spark."""
    report, seconds, memory = timed(lambda: bench.run("spark", "spark", master="local[2]"))
    same = bench.digest("spark") == bench.digest("local")
    print(
        f"spark local[2]: {bench.rows:,} rows in {seconds:.0f} s, memory of the driver by quarter "
        f"{quarters(memory)} MiB, digest {bench.digest('spark')}"
    )
    print(f"equal bytes: {same}; {report.totals.answered:,} answered")


def run_kill(bench: Bench) -> None:
    """Kill a worker of Spark when half of the calls are made, and count the calls of the rerun."""
    whole = len(bench.calls("local"))
    work = threading.Thread(
        target=lambda: bench.run("kill", "spark", seconds=0.002, master="local[2,4]")
    )
    work.start()
    while work.is_alive() and len(bench.calls("kill")) < whole * 0.4:
        time.sleep(0.2)
    killed = 0
    lines = (bench.folder / "kill.calls").read_text().splitlines()
    if work.is_alive():
        victim = json.loads(lines[-1])[-1]
        os.kill(victim, signal.SIGKILL)
        killed = victim
    work.join()
    calls = bench.calls("kill")
    print(
        f"kill -9 of worker {killed} at {len(lines):,} calls: {len(calls):,} calls, {whole:,} "
        f"without a kill, {len(calls) - len(set(calls)):,} twice; equal bytes: "
        f"{bench.digest('kill') == bench.digest('local')}"
    )


PARTS = {"local": run_local, "spark": run_spark, "kill": run_kill}


def main() -> None:
    """Run the parts that are chosen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=2000)
    parser.add_argument("--parts", default="local,spark,kill")
    parser.add_argument("--shard-rows", type=int, default=1000)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cope-batch-"))
    try:
        bench = Bench(folder, arguments.rows, shard_rows=arguments.shard_rows)
        for part in arguments.parts.split(","):
            PARTS[part](bench)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
