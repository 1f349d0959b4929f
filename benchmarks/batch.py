"""Batches of scripted rows: local and Spark give equal bytes, memory is flat, a kill costs nothing.

    python benchmarks/batch.py 2000 --parts local,spark,kill

`local` answers a table in this process, `spark` by two workers of Spark, and `kill` does so again
and kills a worker in the middle. Spark needs pyspark and Java 17. `calls` counts what the order
of samples saves.
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
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from _batch_engine import CountingEngine, GuessingEngine
from _shared import finish, run

from cope import Cascade, Team
from cope.batch.job import TableJob
from cope.batch.stages import worker
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table, records_table
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
        preset: the rounds.
    """

    folder: Path
    rows: int
    samples: int = 2
    shard_rows: int = 1000
    preset: str = "cope"

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
        cascade = Cascade(self.preset, team, answer_kind="text", early_stop="none")
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


@dataclass
class Memory:
    """The memory of this process, and of the largest other Python that it has started, in MiB.

    Attributes:
        here: of this process, twice a second.
        workers: of the other one.
    """

    here: list[float] = field(default_factory=list)
    workers: list[float] = field(default_factory=list)

    def watch(self, done: threading.Event) -> None:
        """Look until `done` is set."""
        process = psutil.Process()
        while not done.wait(0.5):
            self.here.append(process.memory_info().rss / 2**20)
            others = [0.0]
            for child in process.children(recursive=True):
                with suppress(psutil.Error):
                    if child.name().startswith("python"):
                        others.append(child.memory_info().rss / 2**20)
            self.workers.append(max(others))


def timed(work: Callable[[], Any]) -> tuple[Any, float, Memory]:
    """Return a result, the seconds it took, and the memory meanwhile."""
    memory, done = Memory(), threading.Event()
    watcher = threading.Thread(target=memory.watch, args=[done])
    watcher.start()
    started = time.perf_counter()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return result, time.perf_counter() - started, memory


def at_shares(memory: list[float]) -> str:
    """Return the memory after a tenth and half of the time, and at its end."""
    if not memory:
        return ""
    last = len(memory) - 1
    return ", ".join(f"{memory[int(share * last)]:.0f}" for share in (0.1, 0.5, 1))


def measured(bench: Bench, name: str, work: Callable[[], Any]) -> list[Any]:
    """Do a part and return its row of the table."""
    report, seconds, memory = timed(work)
    calls = _calls(report)
    made = len(bench.calls(name))
    row = [name, calls, made, seconds, seconds / calls * 1000]
    row += [at_shares(memory.here), at_shares(memory.workers)]
    print(*row, file=sys.stderr, flush=True)
    return row


def answer_locally(bench: Bench) -> tuple[list[Any], list[str]]:
    """Answer the table in this process."""
    row = measured(bench, "local", lambda: bench.run("local"))
    return row, [f"local, digest of the output: {bench.digest('local')}"]


def answer_by_spark(bench: Bench) -> tuple[list[Any], list[str]]:
    """Answer the table by two workers of Spark, and compare the bytes."""
    row = measured(bench, "spark", lambda: bench.run("spark", "spark", master="local[2,4]"))
    digest = bench.digest("spark")
    return row, [f"spark, equal bytes: {digest == bench.digest('local')} ({digest})"]


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


def count_calls(bench: Bench) -> tuple[list[Any], list[str]]:
    """Answer at most 400 rows with eight samples and exact stops, in two orders of samples."""
    texts = [f"What is {n}?" for n in range(min(bench.rows, 400))]

    def answer(name: str) -> Any:
        engine = GuessingEngine(0.01)
        team = Team(engine, engine, cache=False, limits={"small": 16, "large": 16})
        cascade = Cascade("answer-cascade", team, answer_kind="text")
        options = BatchOptions(folder=str(bench.folder / name), columns=("answer", "round"))
        return run_batch(TableJob(records_table(texts), cascade, options, "text"))

    started = time.perf_counter()
    with mock.patch.object(worker, "favoring_throughput", nullcontext):
        at_once = _calls(answer("at-once"))
    middle = time.perf_counter()
    few = _calls(answer("few"))
    seconds = [middle - started, time.perf_counter() - middle]
    same = bench.digest("few") == bench.digest("at-once")
    text = f"{at_once:,} calls in {seconds[0]:.1f} s with samples as soon as a slot is free, "
    text += f"{few:,} in {seconds[1]:.1f} s with those that no earlier sample has spared; "
    return ["calls", few, few, seconds[1], seconds[1] / few * 1000, "", ""], [
        f"{len(texts)} rows: {text}same answers: {same}"
    ]


def _calls(report: Any) -> int:
    return sum(stage.usage.calls for stage in report.stages)


PARTS = {
    "calls": count_calls,
    "local": answer_locally,
    "spark": answer_by_spark,
    "kill": kill_a_worker,
}
HEADER = ("part", "calls", "asked", "s", "ms a call", "MiB at 10, 50, 100%", "MiB of a worker")


def main() -> None:
    """Run the parts that are chosen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=int, nargs="?", default=2000, help="rows of the table (2000)")
    parser.add_argument("--parts", default="local,spark,kill", help="which (local,spark,kill)")
    parser.add_argument("--shard-rows", type=int, default=1000, help="rows of a shard (1000)")
    parser.add_argument("--preset", default="cope", help="the rounds (cope)")
    parser.add_argument("--folder", type=Path, help="keep the files there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    here = str(Path(__file__).parent)  # the workers of Spark import the engine from there
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="cope-batch-"))
    folder.mkdir(parents=True, exist_ok=True)
    rows, lines = [], []
    try:
        bench = Bench(
            folder, arguments.rows, shard_rows=arguments.shard_rows, preset=arguments.preset
        )
        for part in arguments.parts.split(","):
            row, found = PARTS[part](bench)
            rows.append(row)
            lines += found
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    finish(arguments.json, HEADER, rows, lines)


if __name__ == "__main__":
    run(main)
