"""A tracked compile that is killed in the middle of telling MLflow of a candidate, twice, and then left alone.

`_killed_tracking.py FOLDER STORE` prints the run of the compile and those inside it as JSON.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import mlflow
from support.killed_processes import attempt
from support.tracked_compiles import SETTINGS, compilation

from cope.optimize.compiler.tracking import METADATA_FILE, compile_provenance, tracked_compile
from cope.tracking import TrackedRun


def compile_once(folder: Path, store: str, method: str | None = None, number: int = 0) -> None:
    """Compile; the process kills itself when MLflow's client is told `method` for the `number`th time."""
    if method:
        die_at(method, number)
    TrackedRun.log_model = TrackedRun.register_prompt = lambda *_: "not logged: it takes seconds"
    prepared = compilation(folder, name="small")
    with tracked_compile(prepared, SETTINGS, store) as log:
        log(compile_provenance(prepared.run(), SETTINGS))
    prepared.close()


def die_at(method: str, number: int) -> None:
    told, known = [0], getattr(mlflow.MlflowClient, method)

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        told[0] += 1
        if told[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return known(self, *args, **kwargs)

    setattr(mlflow.MlflowClient, method, counted)


def main(folder: Path, store: str) -> dict[str, Any]:
    calls = folder / "calls.jsonl"
    for method, number in (
        ("log_text", 1),
        ("set_terminated", 2),
    ):  # the first candidate, and one after it
        assert attempt(lambda m=method, n=number: compile_once(folder, store, m, n), calls), (
            f"{method} was not told"
        )
    attempt(lambda: compile_once(folder, store), calls)
    mlflow.set_tracking_uri(store)
    client = mlflow.MlflowClient()
    run = client.get_run(json.loads((folder / METADATA_FILE).read_text())["mlflow_run"])
    inside = client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    )
    return {"status": run.info.status, "inside": [about(client, child) for child in inside]}


def about(client: Any, run: Any) -> dict[str, Any]:
    return {
        "key": run.data.tags["cope.key"],
        "status": run.info.status,
        "outcome": run.data.tags.get("outcome"),
        "files": [file.path for file in client.list_artifacts(run.info.run_id)],
        "metrics": sorted(run.data.metrics),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
