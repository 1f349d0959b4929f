"""The runner `spark`: asks the rows of a stage in the workers of Spark, with Parquet in between.

Each stage is an MLflow model that the workers run as a function of Spark (`mlflow.pyfunc`).
Spark repeats the tasks of a lost worker. The store of calls, which all workers share, answers the
calls that the lost worker had finished, so a repeated task pays only for those in flight.
"""

import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import CopeError, first_line, suggest_names
from ...models import run_sync
from ...models.call_store import CallStore
from ...programs import Cascade
from ...util.json_text import replace_surrogates
from ...util.redact import redact_error
from ...util.storage import Storage
from ..stages.rows import RowOutcome, ShardRequest, ShardResponse, request_of_cells
from ..stages.worker import StageWorker
from .base import RunnerContext
from .batch_log import BatchLog

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

_PYTHON_ERROR = re.compile(r"^(?!org\.|java\.|scala\.|py4j\.)[\w.]+(?:Error|Exception): \S.*", re.M)
"""The last line of a traceback of Python in the text of an error of Java."""

_SETTINGS = {"master": "", "partitions": "", "rows": "500"}
_INPUTS = {"row": "long", "inputs": "string", "plans": "string", "attempts": "string"}
_OUTPUTS = {"row": "long", "state": "string", "error": "string", "outcome": "string"}
"""The columns of a stage's model. None is ever null, because MLflow makes texts of nulls."""


@dataclass(frozen=True)
class StageWork:
    """What a stage's model does: ask the rows of a table.

    Attributes:
        cascade: the program.
        program: a digest of the program and its models.
        run: the name of the run.
        store: the calls that all workers share.
        in_flight: the number of rows asked at the same time; None keeps the models busy.
        stage: the stage, from 1.
    """

    cascade: Cascade
    program: str
    run: str
    store: CallStore
    in_flight: int | None
    stage: int

    def __call__(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return what the stage left of the rows of a table, row by row."""
        import pandas as pd

        worker = StageWorker(self.cascade, self.program, self.run, self.store, self.in_flight)
        rows = [request_of_cells(cells) for cells in frame.to_dict("records")]
        found = {one.row: one for one in run_sync(_ask(worker, ShardRequest(self.stage, 0, rows)))}
        cells = []
        for row in rows:
            outcome = found[row.row]
            error = replace_surrogates(outcome.error or "")
            cells.append((row.row, outcome.state, error, json.dumps(vars(outcome), default=str)))
        return pd.DataFrame(cells, columns=list(_OUTPUTS))


async def _ask(worker: StageWorker, request: ShardRequest) -> list[RowOutcome]:
    outcomes: list[RowOutcome] = []
    async for response in worker.answer([request]):
        outcomes += response.outcomes
    return outcomes


class SparkRunner:
    """Asks the rows of a stage in the workers of Spark.

    Args:
        context: what a runner is given.

    Raises:
        CopeError: for an unknown setting, or without Spark.
    """

    def __init__(self, context: RunnerContext) -> None:
        self._context = context
        given = dict(context.options.runner_settings)
        for name in given:
            if name not in _SETTINGS:
                raise CopeError(f"--runner-option {name}: {suggest_names(name, _SETTINGS)}")
        self._settings = _SETTINGS | given
        for name in ("partitions", "rows"):
            if self._settings[name] and not self._settings[name].isdigit():
                raise CopeError(f"--runner-option {name}={given[name]}: give a whole number")
        self._spark = spark_session(self._settings)

    async def run_stage(self, requests: Iterable[ShardRequest]) -> AsyncIterator[ShardResponse]:
        """Ask the rows of all shards in one job of Spark, and then yield each shard.

        Raises:
            CopeError: if the job fails; the same command repeats none of its calls.
        """
        context, stage, shards = self._context, 0, []
        log: BatchLog | None = None
        for request in requests:
            if log is None:
                stage = request.stage
                folder = context.state.inside(f"spark/stage-{stage}")
                folder.remove("requests")
                log = BatchLog(folder, context.options.shard_rows)
            shards += log.keep([request])
        if log is None:
            return
        work = StageWork(
            context.cascade,
            context.program,
            context.run,
            context.store,
            context.options.questions,
            stage,
        )
        self._run_job(work, log)
        for shard in shards:
            outcomes = list(_read_outcomes(log.storage, f"outcomes/shard={shard}"))
            for outcome in outcomes:
                context.on_row(outcome)
            yield ShardResponse(stage, shard, outcomes)
        log.storage.remove("requests")
        log.storage.remove("outcomes")

    def _run_job(self, work: StageWork, log: BatchLog) -> None:
        from pyspark.sql import functions as F  # pyright: ignore[reportMissingImports]

        from ...tracking import save_table_function, spark_function

        source, target = (spark_address(log.storage.address(n)) for n in ("requests", "outcomes"))
        spark = self._spark
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", self._settings["rows"])
        partitions = int(self._settings["partitions"] or 4 * spark.sparkContext.defaultParallelism)
        size = self._context.options.shard_rows
        with TemporaryDirectory(prefix="cope-spark-") as folder:
            model = Path(folder) / "model"
            save_table_function(model, work, _INPUTS, _OUTPUTS, ["cope-dspy"])
            ask = spark_function(spark, model, _OUTPUTS)
            try:
                rows = spark.read.parquet(source).repartition(partitions)
                asked = rows.select(ask(F.struct(*_INPUTS)).alias("asked"))
                shard = F.floor((F.col("asked.row") - 1) / size).cast("int").alias("shard")
                found = asked.select(shard, "asked.*")
                found.write.mode("overwrite").partitionBy("shard").parquet(target)
            except Exception as error:  # of Java, of Python in a worker, or of the connection
                raise job_error(error) from error


def _read_outcomes(storage: Storage, folder: str) -> Iterator[RowOutcome]:
    """Yield the outcomes in the files that a job of Spark has written."""
    for name in storage.names(folder):
        data = storage.read(f"{folder}/{name}")
        if data is None or not name.endswith(".parquet"):
            continue
        # Not pq.read_table, whose threads take three times as long, and keep memory of their own.
        table = pq.ParquetFile(pa.BufferReader(data)).read(["outcome"], use_threads=False)
        for text in table.column(0).to_pylist():
            yield RowOutcome(**json.loads(text))


def spark_session(settings: Mapping[str, str]) -> "SparkSession":
    """Return the session of Spark, which `spark-submit` configures, or one on this machine.

    The workers of this machine run in the same environment of Python as this process.

    Raises:
        CopeError: without pyspark, or without Java.
    """
    # Rows go to the workers as Arrow's batches, which need no pandas.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        from pyspark.errors import PySparkException  # pyright: ignore[reportMissingImports]
        from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise CopeError(
            "the runner spark needs pyspark: pip install 'cope-dspy[spark]', and Java 17"
        ) from None
    master = settings["master"]
    builder = SparkSession.builder.appName("cope batch")
    if master or not _is_submitted():
        builder = builder.master(master or "local[*]")
        if (master or "local").startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
            builder = builder.config("spark.ui.enabled", "false")
            builder = builder.config("spark.ui.showConsoleProgress", "false")
            # Driver and workers are one machine: after it was suspended they must not part.
            builder = builder.config("spark.network.timeout", "24h")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise CopeError("the runner spark needs Java 17: install it, or set JAVA_HOME")
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise CopeError(f"Spark does not start: {first_line(error)}") from None
    session.sparkContext.setLogLevel("ERROR")
    return session


def _is_submitted() -> bool:
    """Return whether `spark-submit` has started this process, and configures the session."""
    return "PYSPARK_GATEWAY_PORT" in os.environ or "SPARK_ENV_LOADED" in os.environ


def spark_address(address: str) -> str:
    """Return the address of a folder as Spark knows it.

    >>> spark_address("/data/out"), spark_address("s3://bucket/out")
    ('file:///data/out', 's3a://bucket/out')
    """
    if "://" not in address:
        return f"file://{address}"
    if address.startswith("s3://"):
        return f"s3a://{address.removeprefix('s3://')}"
    return address


def job_error(error: Exception) -> CopeError:
    """Return the error of a job that failed, with what happened in a worker and what to do."""
    text = str(error)
    cause = first_line(error) or type(error).__name__
    found = _PYTHON_ERROR.findall(text)
    if found:
        cause = found[-1].removeprefix("cope.errors.CopeError: ")
    elif "Python worker exited unexpectedly" in text:
        cause = "a worker was lost"
    remedy = ""
    if "ModuleNotFoundError" in cause or "PYTHON_VERSION_MISMATCH" in text:
        remedy = f"set PYSPARK_PYTHON to a Python with this package (here {sys.executable}); "
    return CopeError(
        f"the job of Spark failed: {redact_error(cause)}; {remedy}what is answered is saved, and "
        "the same command resumes"
    )


def job_script(arguments: list[str]) -> str:
    """Return a script for `spark-submit` that runs a command of this package.

    Args:
        arguments: those of the command `cope`; `--print-job` is left out.

    Raises:
        CopeError: for another runner, or a table on standard input.

    >>> print(job_script(["batch", "t.csv", "-o", "out"]).splitlines()[-1])
    app(["batch", "t.csv", "-o", "out", "--runner", "spark"], prog_name="cope")
    """
    words = [word for word in arguments if word != "--print-job"]
    if "-" in words:
        raise CopeError("--print-job: a job has no standard input: name the file of the table")
    runner = _named_runner(words)
    if runner not in (None, "spark"):
        raise CopeError(f"--print-job: the job runs --runner spark, not {runner}")
    if runner is None:
        words += ["--runner", "spark"]
    quoted = ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return (
        '"""Answer a table on Spark: spark-submit this file.\n\n'
        "The workers need the package in their Python (spark.pyspark.python), the keys of APIs in\n"
        "their environment (spark.executorEnv.NAME), and the folders of -o and --calls.\n"
        '"""\n\n'
        "from pyspark.sql import SparkSession\n\n"
        "from cope.cli.main import app\n\n"
        'SparkSession.builder.appName("cope batch").getOrCreate()\n'
        f'app([{quoted}], prog_name="cope")'
    )


def _named_runner(words: list[str]) -> str | None:
    """Return the value of the last `--runner`; None without one."""
    found = None
    for place, word in enumerate(words):
        if word == "--runner":
            found = "".join(words[place + 1 : place + 2])
        elif word.startswith("--runner="):
            found = word.partition("=")[2]
    return found
