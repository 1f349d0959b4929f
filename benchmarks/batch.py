"""Batches of scripted rows: local and Spark give equal bytes, memory is flat, a kill costs nothing.

    python benchmarks/batch.py 2000 --parts local,spark,kill

`local` answers a table in this process, `spark` by two workers of Spark, and `kill` does so again
and kills a worker in the middle. Spark needs pyspark and Java 17.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from _batch_engine import CountingEngine
from _shared import finish, run

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


def measured(bench: Bench, name: str, work: Callable[[], Any]) -> list[Any]:
    """Do a part and return its row of the table."""
    report, seconds, memory = timed(work)
    calls = sum(stage.usage.calls for stage in report.stages)
    made = len(bench.calls(name))
    return [name, calls, made, seconds, seconds / calls * 1000, quarters(memory)]


def answer_locally(bench: Bench) -> tuple[list[Any], list[str]]:
    """Answer the table in this process."""
    return measured(bench, "local", lambda: bench.run("local")), []


def answer_by_spark(bench: Bench) -> tuple[list[Any], list[str]]:
    """Answer the table by two workers of Spark, and compare the bytes."""
    row = measured(bench, "spark", lambda: bench.run("spark", "spark", master="local[2,4]"))
    return row, [f"spark, equal bytes: {bench.digest('spark') == bench.digest('local')}"]


def kill_a_worker(bench: Bench) -> tuple[list[Any], list[str]]:
    """Kill a worker of Spark when almost half of the calls are made."""
    whole = len(bench.calls("local"))
    killed: list[int] = []

    def watch() -> None:
        while len(bench.calls("kill")) < whole * 0.4:
            time.sleep(0.2)
        lines = (bench.folder / "kill.calls").read_text().splitlines()
        os.kill(json.loads(lines[-1])[-1], signal.SIGKILL)
        killed.append(len(lines))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()

    def work() -> Any:
        return bench.run("kill", "spark", seconds=0.002, master="local[2,4]")

    row = measured(bench, "kill", work)
    calls = bench.calls("kill")
    twice = len(calls) - len(set(calls))
    same = bench.digest("kill") == bench.digest("local")
    text = f"kill -9 of a worker at {killed[0]:,} calls: {len(calls):,} calls, {whole:,} without a "
    return row, [f"{text}kill, {twice:,} twice", f"kill, equal bytes: {same}"]


PARTS = {"local": answer_locally, "spark": answer_by_spark, "kill": kill_a_worker}
HEADER = ("part", "calls", "asked", "s", "ms a call", "MiB of the driver in each quarter")


def main() -> None:
    """Run the parts that are chosen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=int, nargs="?", default=2000, help="rows of the table (2000)")
    parser.add_argument("--parts", default="local,spark,kill", help="all three by default")
    parser.add_argument("--shard-rows", type=int, default=1000, help="rows of a shard (1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    here = str(Path(__file__).parent)  # the workers of Spark import the engine from there
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    folder = Path(tempfile.mkdtemp(prefix="cope-batch-"))
    rows, lines = [], []
    try:
        bench = Bench(folder, arguments.rows, shard_rows=arguments.shard_rows)
        for part in arguments.parts.split(","):
            row, found = PARTS[part](bench)
            rows.append(row)
            lines += found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    finish(arguments.json, HEADER, rows, lines)


if __name__ == "__main__":
    run(main)
