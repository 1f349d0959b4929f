"""MLflow, and nothing else knows its API: one run an evaluation, one trace a question."""

import logging
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import CopeError

DEFAULT_STORE = "sqlite:///mlflow.db"
ARTIFACTS = "mlartifacts"


def store_uri(store: str | None = None) -> str:
    """Where runs are kept: the given address, else `MLFLOW_TRACKING_URI`, else SQLite in the working directory.

    A plain path is the file of an SQLite store.
    """
    uri = store or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    return uri if "://" in uri or uri == "databricks" else f"sqlite:///{uri}"


def store_file(uri: str) -> Path | None:
    """The file of an SQLite store; None for a server.

    >>> store_file("sqlite:///mlflow.db").name
    'mlflow.db'
    """
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run."""

    id: str
    experiment_id: str
    uri: str

    def metrics(self, values: Mapping[str, float | int | None], step: int | None = None) -> None:
        """Log figures; those that are not known are left out."""
        import mlflow

        mlflow.log_metrics({name: float(v) for name, v in values.items() if v is not None}, step=step, run_id=self.id)

    def artifact(self, path: Path, folder: str | None = None) -> None:
        import mlflow

        mlflow.log_artifact(str(path), folder, run_id=self.id)

    def text(self, text: str, name: str) -> None:
        import mlflow

        mlflow.log_text(text, name, run_id=self.id)

    def tags(self, values: Mapping[str, str]) -> None:
        import mlflow

        mlflow.set_tags(dict(values))


@contextmanager
def tracked(
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
    store: str | None = None,
) -> Iterator[TrackedRun]:
    """Open a run in the store, or open an earlier one again; DSPy's traces made inside are linked to it.

    Args:
        experiment: the experiment's name; made where it is missing.
        name: the run's name.
        params: settings; those that the run has already are left as they are.
        tags: more facts about the run.
        run_id: an earlier run that goes on; a new one is made when it is gone.
        store: address of the store, see `store_uri`.

    Raises:
        CopeError: when the store cannot be written or reached.
    """
    uri = store_uri(store)
    _check_writable(uri)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    import mlflow.dspy as mlflow_dspy
    from mlflow.exceptions import MlflowException

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        mlflow.set_tracking_uri(uri)
        experiment_id = _experiment(experiment, uri)
        mlflow_dspy.autolog(log_traces=True, log_evals=False, log_compiles=False, silent=True)
        run = mlflow.start_run(run_id=_usable(run_id), experiment_id=experiment_id, run_name=name)
    except (MlflowException, OSError) as error:
        raise CopeError(f"cannot use the tracking store {uri}: {str(error).splitlines()[0]}; try --no-track") from error
    status = "FINISHED"
    try:
        known = run.data.params
        new = {key: str(value)[:6000] for key, value in params.items() if key not in known}
        if new:
            mlflow.log_params(new)
        mlflow.set_tags({**_environment(), **(tags or {})})
        yield TrackedRun(run.info.run_id, run.info.experiment_id, uri)
    except BaseException as error:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        raise
    finally:
        mlflow.flush_trace_async_logging()
        mlflow.end_run(status)
        mlflow_dspy.autolog(disable=True, silent=True)


@contextmanager
def question_span(question_id: str, question: str) -> Iterator[None]:
    """One trace for one question; what DSPy does inside, round by round, becomes its spans."""
    import mlflow

    with mlflow.start_span(name="question", attributes={"question_id": question_id}) as span:
        span.set_inputs({"question": question})
        mlflow.update_current_trace(tags={"question_id": question_id})
        yield


def _experiment(name: str, uri: str) -> str:
    import mlflow

    if found := mlflow.get_experiment_by_name(name):
        return found.experiment_id
    file = store_file(uri)
    # Without an explicit place, artifacts land in a folder that depends on where the command was started.
    place = (file.resolve().parent / ARTIFACTS / name).as_uri() if file else None
    return mlflow.create_experiment(name, artifact_location=place)


def _usable(run_id: str | None) -> str | None:
    import mlflow
    from mlflow.exceptions import MlflowException

    if run_id is None:
        return None
    try:
        return run_id if mlflow.get_run(run_id).info.lifecycle_stage == "active" else None
    except MlflowException:
        return None  # another store, or deleted: the evaluation starts a run of its own


def _check_writable(uri: str) -> None:
    """Say it in a line before MLflow says it in a hundred."""
    file = store_file(uri)
    if file is None:
        return
    if not file.resolve().parent.is_dir():
        raise CopeError(
            f"cannot write the tracking store {file}: there is no folder {file.resolve().parent}; make it or use --no-track"
        )
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise CopeError(
            f"cannot write the tracking store {file}: {error.strerror}; choose another --store or use --no-track"
        ) from None


def _environment() -> dict[str, str]:
    """Versions and the commit of the user's working directory, for who wants to run it again."""
    facts = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("cope-dspy", "dspy", "mlflow", "xllamacpp", "ollama"):
        try:
            facts[f"version.{package}"] = version(package)
        except PackageNotFoundError:
            continue
    try:
        git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
        if git.returncode == 0:
            facts["git_commit"] = git.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass
    return facts
