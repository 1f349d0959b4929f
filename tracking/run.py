"""Open MLflow runs, and log to them."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, Unpack

import mlflow
import mlflow.dspy as mlflow_dspy
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracing import configure

from ..errors import CopeError, first_line
from ..util.redact import redact, redact_data
from .address import store_file
from .environment import environment
from .prompts import register_prompt
from .redact_span import redact_span
from .run_settings import RunSettings
from .store import ARTIFACTS, open_store, store_errors

if TYPE_CHECKING:
    import dspy

_log = logging.getLogger(__name__)
_KEY_TAG = "cope.key"
# MLflow's page reads these two tags.
_PARENT_TAG = "mlflow.parentRunId"
_TABLES_TAG = "mlflow.loggedArtifacts"
_MAX_PARAM_CHARS = 6000
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _wrap_store_errors(
    method: "Callable[Concatenate[TrackedRun, _P], _T]",
) -> "Callable[Concatenate[TrackedRun, _P], _T]":
    """Convert all errors of a method to `CopeError`.

    Callers can then handle or ignore a failing store without knowing MLflow's exceptions.
    """

    @wraps(method)
    def wrapper(self: "TrackedRun", *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:  # MLflow's own, and those of stores, servers, pickles, proxies
            raise CopeError(f"the tracking store {self.uri} failed: {first_line(error)}") from error

    return wrapper


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run. It is thread-safe, and errors of its store are `CopeError`.

    Attributes:
        id: MLflow's id of the run.
        experiment_id: MLflow's id of its experiment.
        uri: the store's address.
    """

    id: str
    experiment_id: str
    uri: str

    @_wrap_store_errors
    def log_metrics(
        self, values: Mapping[str, float | int | None], step: int | None = None
    ) -> None:
        """Log metrics. Values that are None are left out."""
        known = {name: float(value) for name, value in values.items() if value is not None}
        mlflow.log_metrics(known, step=step, run_id=self.id)

    @_wrap_store_errors
    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        """Log a file, in a folder of the run's artifacts."""
        mlflow.log_artifact(str(path), folder, run_id=self.id)

    @_wrap_store_errors
    def log_text(self, text: str, name: str) -> None:
        """Log a text as the file `name`."""
        mlflow.log_text(redact(text), name, run_id=self.id)

    @_wrap_store_errors
    def log_table(self, rows: Sequence[Mapping[str, Any]], name: str) -> None:
        """Log rows with equal columns as a table for MLflow's page and `mlflow.load_table`.

        MLflow's own `log_table` appends to an existing table, so a resumed run would have every
        row twice.
        """
        columns = list(rows[0]) if rows else []
        data = [[row[column] for column in columns] for row in rows]
        table = json.dumps({"columns": columns, "data": redact_data(data)}, ensure_ascii=False)
        mlflow.log_text(table, name, run_id=self.id)
        tables = json.loads(mlflow.get_run(self.id).data.tags.get(_TABLES_TAG, "[]"))
        entry = {"path": name, "type": "table"}
        if entry not in tables:
            tables.append(entry)
            mlflow.MlflowClient().set_tag(self.id, _TABLES_TAG, json.dumps(tables))

    @_wrap_store_errors
    def set_tags(self, values: Mapping[str, str], run_id: str | None = None) -> None:
        """Set tags of this run, or of the child run with an id."""
        for name, value in values.items():
            mlflow.MlflowClient().set_tag(run_id or self.id, name, redact(value))

    @_wrap_store_errors
    def children(self) -> dict[str, str]:
        """Return the ids of finished child runs by key, including those of earlier attempts."""
        finished = [run for run in self._child_runs() if run.info.status == "FINISHED"]
        return {run.data.tags[_KEY_TAG]: run.info.run_id for run in finished}

    @_wrap_store_errors
    def log_child_run(
        self, key: str, name: str, metrics: Mapping[str, float], texts: Mapping[str, str]
    ) -> str:
        """Log a complete child run.

        A child run with the same key that a killed attempt left unfinished is completed.

        Args:
            key: identifies the child run among the children.
            name: the child run's name.
            metrics: its metrics.
            texts: its text files by name.

        Returns:
            The child run's id.
        """
        client = mlflow.MlflowClient()
        unfinished = [run for run in self._child_runs(key) if run.info.status != "FINISHED"]
        if unfinished:
            run_id = unfinished[0].info.run_id
        else:
            tags = {_PARENT_TAG: self.id, _KEY_TAG: key}
            run_id = client.create_run(self.experiment_id, tags=tags, run_name=name).info.run_id
        mlflow.log_metrics(dict(metrics), run_id=run_id)
        for file, text in texts.items():
            client.log_text(run_id, redact(text), file)
        client.set_terminated(run_id)
        return run_id

    @_wrap_store_errors
    def end_children(self) -> None:
        """End, as killed, the child runs that a killed attempt left running."""
        for run in self._child_runs():
            if run.info.status == "RUNNING":
                mlflow.MlflowClient().set_terminated(run.info.run_id, "KILLED")

    def _child_runs(self, key: str | None = None) -> list[Run]:
        """Return the runs of `log_child_run`, of all keys or one, whatever their status."""
        filter_string = f"tags.`{_PARENT_TAG}` = '{self.id}'"
        if key:
            filter_string += f" AND tags.`{_KEY_TAG}` = '{key}'"
        client = mlflow.MlflowClient()
        children = client.search_runs([self.experiment_id], filter_string, max_results=1000)
        return [run for run in children if _KEY_TAG in run.data.tags]

    @_wrap_store_errors
    def register_prompt(
        self,
        name: str,
        messages: Sequence[Mapping[str, str]],
        description: str,
        tags: Mapping[str, str],
    ) -> str:
        """Register a prompt and return its address; see `prompts.register_prompt`."""
        messages, description = redact_data(list(messages)), redact(description)
        return register_prompt(name, messages, description, {**tags, "run": self.id})

    @_wrap_store_errors
    def log_model(
        self,
        program: "dspy.Module",
        inputs: Mapping[str, str],
        example: Mapping[str, Any],
        prompts: Sequence[str] = (),
    ) -> str:
        """Log a DSPy program as a model and return its address; see `model.log_program`."""
        from .model import log_program

        return log_program(program, self.id, inputs, example, prompts)


@contextmanager
def tracked_run(
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    **settings: Unpack[RunSettings],
) -> Iterator[TrackedRun]:
    """Open a new run in the store, or reopen an earlier one. DSPy's traces are linked to it.

    Args:
        experiment: the experiment's name; created if it does not exist.
        name: the run's name.
        params: settings; those that the run has already are not changed.
        settings: see `RunSettings`.

    Raises:
        CopeError: when the store cannot be written or reached.
    """
    uri = open_store(settings.get("store"))
    traces = settings.get("traces", True)
    with store_errors(uri):
        experiment_id = _experiment_id(experiment, uri)
        if traces:
            configure(span_processors=[redact_span])
            mlflow_dspy.autolog(log_traces=True, log_evals=False, log_compiles=False, silent=True)
        run = mlflow.start_run(
            run_id=_existing_run_id(settings.get("run_id")),
            experiment_id=experiment_id,
            run_name=redact(name),
        )
    status = "FINISHED"
    try:
        _log_new_params(params, run.data.params)
        mlflow.set_tags(redact_data(environment() | dict(settings.get("tags") or {})))
        yield TrackedRun(run.info.run_id, run.info.experiment_id, uri)
    except BaseException as error:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        raise
    finally:
        if traces:
            mlflow.flush_trace_async_logging()
        _end_run(status, uri, run.info.run_id)
        if traces:
            mlflow_dspy.autolog(disable=True, silent=True)


def _log_new_params(params: Mapping[str, Any], known: Mapping[str, str]) -> None:
    new = {}
    for key, value in params.items():
        if key not in known:
            new[key] = redact(str(value))[:_MAX_PARAM_CHARS]
    if new:
        mlflow.log_params(new)


def _end_run(status: str, uri: str, run_id: str) -> None:
    try:
        mlflow.end_run(status)
    except (MlflowException, OSError) as error:  # must not hide the result of the run
        _log.warning("the tracking store %s did not end run %s: %s", uri, run_id, first_line(error))


@contextmanager
def question_span(question_id: str, question: str) -> Iterator[None]:
    """Trace one question. DSPy's calls inside become its spans, round by round."""
    with mlflow.start_span(name="question", attributes={"question_id": question_id}) as span:
        span.set_inputs({"question": question})
        mlflow.update_current_trace(tags={"question_id": question_id})
        yield


def _experiment_id(name: str, uri: str) -> str:
    experiment = mlflow.get_experiment_by_name(name)
    if experiment:
        return experiment.experiment_id
    # The default location of artifacts depends on the working directory.
    file = store_file(uri)
    location = (file.resolve().parent / ARTIFACTS / name).as_uri() if file else None
    try:
        return mlflow.create_experiment(name, artifact_location=location)
    except MlflowException:
        made = mlflow.get_experiment_by_name(name)  # by another process in the meantime
        if made is None:
            raise
        return made.experiment_id


def _existing_run_id(run_id: str | None) -> str | None:
    if not isinstance(run_id, str):  # it comes from a file
        return None
    try:
        return run_id if mlflow.get_run(run_id).info.lifecycle_stage == "active" else None
    except MlflowException:
        return None  # another store, or deleted: a new run is created
