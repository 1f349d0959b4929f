"""The store of runs: where it is, whether it can be used, and its errors in a line."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CopeError, first_line

DEFAULT_STORE = "sqlite:///mlflow.db"
ARTIFACTS = "mlartifacts"

# What MLflow should do unless the user says otherwise.
_MLFLOW_DEFAULTS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout is the result's
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # a server that is not there is told after seconds, not after four minutes
}


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


def open_store(store: str | None = None) -> str:
    """Open the store, and make its tables where there are none, so that what is wrong with it is known at the start.

    Returns:
        Its address.

    Raises:
        CopeError: when it cannot be written or reached.
    """
    uri = store_uri(store)
    _check_writable(uri)
    for name, value in _MLFLOW_DEFAULTS.items():
        os.environ.setdefault(name, value)
    import mlflow

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    with store_errors(uri):
        mlflow.set_tracking_uri(uri)
        mlflow.get_experiment_by_name("Default")
    return uri


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Inside, a store that cannot be used is a `CopeError` in one line."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise CopeError(
            f"cannot use the tracking store {uri}: {first_line(error)}; try --no-track"
        ) from error


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
