"""The runner for Spark: what its workers do, without Spark; and the whole of it where it is there."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd
import pytest
from support.table_runs import Answering

from cope import CopeError
from cope.batch.runners.base import RunnerContext
from cope.batch.runners.spark import SparkRunner, StageWork, job_error, job_script, spark_session
from cope.batch.stages.options import BatchOptions
from cope.batch.stages.rows import RowOutcome, RowRequest, as_cells
from cope.models.call_store import CallStore
from cope.util.storage import Storage

BENCH = Path(__file__).parents[2] / "benchmarks" / "batch.py"


def table(*numbers: int) -> pd.DataFrame:
    rows = [RowRequest(n, {"question": f"What is {n}?"}) for n in numbers]
    return pd.DataFrame([as_cells(row) for row in rows])


def work(models: Answering, folder: Path) -> StageWork:
    return StageWork(models.cascade, "p", "run", CallStore(Storage(folder)), None, 1)


def test_a_stage_answers_its_rows_in_their_order_and_a_repeated_one_pays_nothing(tmp_path: Path):
    models = Answering()
    models.failing = {"2"}
    models.reply = lambda question: "\ud83d 3" if "3" in question else "1"
    rows = work(models, tmp_path)(table(3, 2, 1)).to_dict("records")
    assert [row["row"] for row in rows] == [3, 2, 1]
    assert [row["state"] for row in rows] == ["answered", "failed", "answered"]
    assert [row["error"] != "" for row in rows] == [False, True, False]
    assert not any(value is None for row in rows for value in row.values())
    outcomes = [RowOutcome(**json.loads(row["outcome"].encode("ascii"))) for row in rows]
    assert outcomes[1].error == rows[1]["error"] and outcomes[1].record is None
    assert outcomes[2].record and outcomes[2].record["answer"] == "1"
    models.asked.clear()
    models.failing = set()
    again = work(models, tmp_path)(table(1, 2, 3)).to_dict("records")
    assert models.asked == ["What is 2?"]
    assert json.loads(again[0]["outcome"])["shared"] == 0


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


@pytest.mark.parametrize("words", [["-o", "spark"], ["--question", "spark", "-o", "out"]])
def test_a_word_that_is_no_runner_does_not_name_it(words: list[str]):
    assert '"--runner", "spark"]' in job_script(["batch", "t.csv", *words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["t.csv", "--runner", "local"], "runs --runner spark, not local"),
        (["t.csv", "--runner=openai-batch"], "runs --runner spark, not openai-batch"),
        (["-"], "no standard input: name the file"),
    ],
)
def test_a_command_that_no_job_can_run_is_one_line(words: list[str], message: str):
    with pytest.raises(CopeError, match=f"^--print-job: .*{message}"):
        job_script(["batch", *words, "-o", "out", "--print-job"])


TRACEBACK = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "worker.py", line 75, in read_command
{}
 SQLSTATE: 38000
	at org.apache.spark.api.python.BasePythonRunner.handle(PythonRunner.scala:581)
Caused by: java.net.SocketException: Connection reset"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (TRACEBACK.format("cope.errors.CopeError: the server is gone"), "the server is gone;"),
        (
            TRACEBACK.format("ModuleNotFoundError: No module named 'cope'"),
            "No module named 'cope'; set PYSPARK_PYTHON to a Python with this package (here /",
        ),
        (
            TRACEBACK.format("PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] 3.9 is not 3.11"),
            "3.9 is not 3.11; set PYSPARK_PYTHON",
        ),
        (
            "Job aborted: org.apache.spark.SparkException: Python worker exited unexpectedly "
            "(crashed).\n\tat x\nCaused by: java.io.EOFException\n",
            "a worker was lost;",
        ),
        ("Path does not exist: file:/x", "Path does not exist: file:/x;"),
    ],
)
def test_a_job_that_failed_says_what_happened_in_the_worker(text: str, cause: str):
    error = str(job_error(RuntimeError(text)))
    assert f"{cause}" in error and error.startswith("the job of Spark failed: ")
    assert "the same command resumes" in error and "\n" not in error


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs the extra spark")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java 17")
def test_spark_gives_the_bytes_of_local_also_after_a_kill():
    command = [sys.executable, str(BENCH), "200", "--shard-rows", "50"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert out.count("equal bytes: True") == 2 and " 0 twice" in out
