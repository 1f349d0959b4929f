"""The runner for Spark: what its workers do, without Spark; and the whole of it where it is there."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import pyarrow as pa
import pytest
from support.table_runs import Answering

from cope import CopeError
from cope.batch.runners.base import RunnerContext
from cope.batch.runners.spark import SparkRunner, TaskWork, job_script, spark_session
from cope.batch.stages.options import BatchOptions
from cope.batch.stages.rows import OUTCOME_SCHEMA, RowRequest, as_cells, outcome_of_cells
from cope.models.call_store import CallStore
from cope.util.storage import Storage

BENCH = Path(__file__).parents[2] / "benchmarks" / "batch.py"


def batches(*numbers: int) -> list[pa.RecordBatch]:
    rows = [as_cells(RowRequest(n, {"question": f"What is {n}?"})) for n in numbers]
    return [pa.RecordBatch.from_pylist([row]) for row in rows]


def work(models: Answering, folder: Path) -> TaskWork:
    return TaskWork(models.cascade, "p", "run", CallStore(Storage(folder)), None, 1, 2)


def test_a_task_answers_its_rows_and_a_repeated_one_pays_nothing(tmp_path: Path):
    models = Answering()
    models.failing = {"2"}
    made = list(work(models, tmp_path)(batches(1, 2, 3)))
    rows = [cells for batch in made for cells in batch.to_pylist()]
    assert [row["shard"] for row in rows] == [0, 0, 1]
    assert made[0].schema.names == ["shard", *OUTCOME_SCHEMA.names]
    outcomes = [outcome_of_cells(row) for row in rows]
    assert [one.state for one in outcomes] == ["answered", "failed", "answered"]
    assert outcomes[1].error and outcomes[0].record and outcomes[0].record["answer"] == "1"
    models.asked.clear()
    models.failing = set()
    again = [
        cells for batch in work(models, tmp_path)(batches(1, 2, 3)) for cells in batch.to_pylist()
    ]
    assert models.asked == ["What is 2?"]
    assert json.loads(again[0]["record"])["answer"] == "1" and again[0]["shared"] == 0


def test_a_store_is_another_worker_in_another_process(tmp_path: Path):
    store = CallStore(Storage(tmp_path), 7)
    copy = cloudpickle.loads(cloudpickle.dumps(store))
    assert (copy.storage.url, copy.lease_seconds) == (str(tmp_path), 7)
    assert copy._leases.worker != store._leases.worker


def context(folder: Path, **settings: str) -> RunnerContext:
    options = BatchOptions(folder=str(folder), runner="spark", runner_settings=settings)
    storage = Storage(folder)
    return RunnerContext(Answering().cascade, "p", "run", options, storage, CallStore(storage))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mastr": "local"}, "--runner-option mastr: did you mean master"),
        ({"rows": "many"}, "--runner-option rows=many: give a whole number"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, settings: dict[str, str], message: str):
    with pytest.raises(CopeError, match=message):
        SparkRunner(context(tmp_path, **settings))


def test_without_spark_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(CopeError, match=r"needs pyspark: pip install 'cope-dspy\[spark\]'"):
        spark_session({"master": ""})


@pytest.mark.parametrize("words", [["-o", 'a "b"\\c'], ["--runner", "spark", "-o", "s3://b/c"]])
def test_the_script_of_a_job_holds_the_command(words: list[str]):
    ran: dict[str, Any] = {}
    lines = job_script(["batch", "t.csv", "--print-job", *words]).splitlines()
    call = next(line for line in lines if line.startswith("app("))
    exec(call, {"app": lambda arguments, prog_name: ran.update(arguments=arguments)})
    assert ran["arguments"][:2] == ["batch", "t.csv"] and "--print-job" not in ran["arguments"]
    assert ran["arguments"].count("spark") == 1 and words[-1] in ran["arguments"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs the extra spark")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java 17")
def test_spark_gives_the_bytes_of_local_also_after_a_kill():
    command = [sys.executable, str(BENCH), "200", "--shard-rows", "50"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert out.count("equal bytes: True") == 2 and " 0 twice" in out
