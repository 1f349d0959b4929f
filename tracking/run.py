"""An MLflow run: opened, or opened again, and what is logged to it."""

import json
import logging
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import CopeError, first_line
from .store import ARTIFACTS, open_store, store_errors, store_file

_log = logging.getLogger(__name__)
_KEY_TAG = "cope.key"
_PARENT_TAG, _TABLES_TAG = (
    "mlflow.parentRunId",
    "mlflow.loggedArtifacts",
)  # MLflow's page goes by these tags
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _wrap_store_errors(
    method: Callable[Concatenate[Any, _P], _T],
) -> Callable[Concatenate[Any, _P], _T]:
    """What the store refuses becomes a `CopeError`: who logs need not know what MLflow raises, and may go on without."""

    @wraps(method)
    def wrapper(self: Any, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:  # its own, and those of stores, servers, pickles and proxies
            raise CopeError(f"the tracking store {self.uri} failed: {first_line(error)}") from error

    return wrapper


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run; safe to use in any thread. What its store refuses is a `CopeError`."""

    id: str
    experiment_id: str
    uri: str

    @_wrap_store_errors
    def log_metrics(
        self, values: Mapping[str, float | int | None], step: int | None = None
    ) -> None:
        """Log figures; those that are not known are left out."""
        import mlflow

        mlflow.log_metrics(
            {name: float(v) for name, v in values.items() if v is not None},
            step=step,
            run_id=self.id,
        )

    @_wrap_store_errors
    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        import mlflow

        mlflow.log_artifact(str(path), folder, run_id=self.id)

    @_wrap_store_errors
    def log_text(self, text: str, name: str) -> None:
        import mlflow

        mlflow.log_text(text, name, run_id=self.id)

    @_wrap_store_errors
    def log_table(self, rows: Sequence[Mapping[str, Any]], name: str) -> None:
        """Log rows with the same columns as a JSON file that MLflow's page shows, and `load_table` reads, as a table.

        MLflow's own `log_table` adds to a table that is there, so that a resumed run would have every row twice.
        """
        import mlflow

        columns = list(rows[0]) if rows else []
        data = [[row[column] for column in columns] for row in rows]
        mlflow.log_text(
            json.dumps({"columns": columns, "data": data}, ensure_ascii=False), name, run_id=self.id
        )
        tables = json.loads(mlflow.get_run(self.id).data.tags.get(_TABLES_TAG, "[]"))
        if (entry := {"path": name, "type": "table"}) not in tables:
            mlflow.MlflowClient().set_tag(self.id, _TABLES_TAG, json.dumps([*tables, entry]))

    @_wrap_store_errors
    def set_tags(self, values: Mapping[str, str], run_id: str | None = None) -> None:
        """Set tags of this run, or of a child."""
        import mlflow

        for name, value in values.items():
            mlflow.MlflowClient().set_tag(run_id or self.id, name, value)

    @_wrap_store_errors
    def children(self) -> dict[str, str]:
        """The finished runs that `log_child_run` made, by key, those of earlier attempts too."""
        return {
            run.data.tags[_KEY_TAG]: run.info.run_id
            for run in self._child_runs()
            if run.info.status == "FINISHED"
        }

    @_wrap_store_errors
    def log_child_run(
        self, key: str, name: str, metrics: Mapping[str, float], texts: Mapping[str, str]
    ) -> str:
        """Make a run inside this one, with its figures and text files, and end it.

        One that an earlier attempt began for the key, and was killed before it ended it, is written whole.

        Returns:
            Its id.
        """
        import mlflow

        client = mlflow.MlflowClient()
        run_id = next(
            (run.info.run_id for run in self._child_runs(key) if run.info.status != "FINISHED"),
            None,
        )
        if run_id is None:
            tags = {_PARENT_TAG: self.id, _KEY_TAG: key}
            run_id = client.create_run(self.experiment_id, tags=tags, run_name=name).info.run_id
        mlflow.log_metrics(dict(metrics), run_id=run_id)
        for file, text in texts.items():
            client.log_text(run_id, text, file)
        client.set_terminated(run_id)
        return run_id

    @_wrap_store_errors
    def end_children(self) -> None:
        """End the runs inside that a killed attempt left running and that nothing was written to since, as killed."""
        import mlflow

        for run in self._child_runs():
            if run.info.status == "RUNNING":
                mlflow.MlflowClient().set_terminated(run.info.run_id, "KILLED")

    def _child_runs(self, key: str | None = None) -> list[Any]:
        """The runs that `log_child_run` made, of all keys or one, whatever became of them."""
        import mlflow

        filter_string = f"tags.`{_PARENT_TAG}` = '{self.id}'" + (
            f" AND tags.`{_KEY_TAG}` = '{key}'" if key else ""
        )
        found = mlflow.MlflowClient().search_runs(
            [self.experiment_id], filter_string, max_results=1000
        )
        return [run for run in found if _KEY_TAG in run.data.tags]

    @_wrap_store_errors
    def register_prompt(
        self,
        name: str,
        messages: Sequence[Mapping[str, str]],
        description: str,
        tags: Mapping[str, str],
    ) -> str:
        """Register a prompt, see `prompts.register_prompt`. Returns its address."""
        from .prompts import register_prompt

        return register_prompt(name, messages, description, {**tags, "run": self.id})

    @_wrap_store_errors
    def log_model(
        self,
        program: Any,
        inputs: Mapping[str, str],
        example: Mapping[str, Any],
        prompts: Sequence[str] = (),
    ) -> str:
        """Log a DSPy program as a model, see `model.log_program`. Returns its address."""
        from .model import log_program

        return log_program(program, self.id, inputs, example, prompts)


@contextmanager
def tracked_run(
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
    store: str | None = None,
    *,
    traces: bool = True,
) -> Iterator[TrackedRun]:
    """Open a run in the store, or open an earlier one again; DSPy's traces made inside are linked to it.

    Args:
        experiment: the experiment's name; made where it is missing.
        name: the run's name.
        params: settings; those that the run has already are left as they are.
        tags: more facts about the run.
        run_id: an earlier run that goes on; a new one is made when it is gone.
        store: address of the store, see `store_uri`.
        traces: whether what DSPy does inside is traced; a compile's thousands of calls would flood the store.

    Raises:
        CopeError: when the store cannot be written or reached.
    """
    uri = open_store(store)
    import mlflow
    import mlflow.dspy as mlflow_dspy
    from mlflow.exceptions import MlflowException

    with store_errors(uri):
        experiment_id = _experiment_id(experiment, uri)
        if traces:
            mlflow_dspy.autolog(log_traces=True, log_evals=False, log_compiles=False, silent=True)
        run = mlflow.start_run(
            run_id=_existing_run_id(run_id), experiment_id=experiment_id, run_name=name
        )
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
        if traces:
            mlflow.flush_trace_async_logging()
        try:
            mlflow.end_run(status)
        except (MlflowException, OSError) as error:  # what the work inside came to is worth more
            _log.warning(
                "the tracking store %s did not end run %s: %s",
                uri,
                run.info.run_id,
                first_line(error),
            )
        if traces:
            mlflow_dspy.autolog(disable=True, silent=True)


@contextmanager
def question_span(question_id: str, question: str) -> Iterator[None]:
    """One trace for one question; what DSPy does inside, round by round, becomes its spans."""
    import mlflow

    with mlflow.start_span(name="question", attributes={"question_id": question_id}) as span:
        span.set_inputs({"question": question})
        mlflow.update_current_trace(tags={"question_id": question_id})
        yield


def _experiment_id(name: str, uri: str) -> str:
    import mlflow

    if found := mlflow.get_experiment_by_name(name):
        return found.experiment_id
    file = store_file(uri)
    # Without an explicit place, artifacts land in a folder that depends on where the command was started.
    place = (file.resolve().parent / ARTIFACTS / name).as_uri() if file else None
    return mlflow.create_experiment(name, artifact_location=place)


def _existing_run_id(run_id: str | None) -> str | None:
    import mlflow
    from mlflow.exceptions import MlflowException

    if run_id is None:
        return None
    try:
        return run_id if mlflow.get_run(run_id).info.lifecycle_stage == "active" else None
    except MlflowException:
        return None  # another store, or deleted: the evaluation starts a run of its own


def _environment() -> dict[str, str]:
    """Versions and the commit of the user's working directory, for who wants to run it again."""
    facts = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("cope-dspy", "dspy", "mlflow", "xllamacpp", "ollama"):
        try:
            facts[f"version.{package}"] = version(package)
        except PackageNotFoundError:
            continue
    try:
        git = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
        if git.returncode == 0:
            facts["git_commit"] = git.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass
    return facts
