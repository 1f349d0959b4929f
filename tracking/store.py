"""Locate and open the store of runs, and report its errors in one line."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import CopeError, first_line
from ..models.hosts import bypass_proxies
from ..util.environment import read_variable
from .address import address_scheme, check_address, store_file

DEFAULT_STORE = "sqlite:///mlflow.db"
ARTIFACTS = "mlartifacts"

# MLflow's settings, unless the user's environment has others.
_MLFLOW_DEFAULTS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout carries results only
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # an absent server fails in seconds, not 4 minutes
}


def store_uri(store: str | None = None) -> str:
    """Return the store's address.

    Args:
        store: an address, or a path, which is the file of an SQLite store. When None, the address
            is `MLFLOW_TRACKING_URI`, else an SQLite file in the working directory.
    """
    uri = store or read_variable("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    if address_scheme(uri):
        return uri
    return f"sqlite:///{os.path.expanduser(uri)}"


def open_store(store: str | None = None) -> str:
    """Open a store, creating its tables if necessary, so that its errors appear at the start.

    Args:
        store: see `store_uri`.

    Returns:
        The store's address.

    Raises:
        CopeError: when the store cannot be written or reached.
    """
    uri = store_uri(store)
    try:
        check_address(uri)
        _check_writable(uri)
    except CopeError as error:
        is_from_environment = not store and read_variable("MLFLOW_TRACKING_URI")
        origin = " (the address is that of MLFLOW_TRACKING_URI)" if is_from_environment else ""
        raise CopeError(f"{error}; or use --no-track{origin}") from None
    for name, value in _MLFLOW_DEFAULTS.items():
        os.environ.setdefault(name, value)
    bypass_proxies(uri)
    import mlflow

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    with store_errors(uri):
        mlflow.set_tracking_uri(uri)
        mlflow.get_experiment_by_name("Default")
    return uri


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Convert the errors of an unusable store to a `CopeError` of one line."""
    try:
        yield
    except CopeError:
        raise
    except Exception as error:  # MLflow's own, and those of databases, migrations, drivers
        if _is_connection_error(error):
            raise CopeError(
                f"no MLflow server answers at {uri}: start it with `mlflow server`, "
                "choose another --store or use --no-track"
            ) from error
        raise CopeError(
            f"cannot use the tracking store {uri}: {first_line(error)}; try --no-track"
        ) from error


def _is_connection_error(error: BaseException | None) -> bool:
    from requests.exceptions import ConnectionError, Timeout

    while error is not None:
        if isinstance(error, ConnectionError | Timeout):
            return True
        error = error.__cause__ or error.__context__
    return False


def _check_writable(uri: str) -> None:
    """Raise an error of one line where MLflow's would have a hundred."""
    file = store_file(uri)
    if file is None:
        return
    folder = file.resolve().parent
    if not folder.is_dir():
        raise CopeError(
            f"cannot write the tracking store {file}: there is no folder {folder}; make it"
        )
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise CopeError(
            f"cannot write the tracking store {file}: {error.strerror}; choose another --store"
        ) from None
