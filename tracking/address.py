"""Check the address of a store of runs before MLflow reads it."""

import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import CopeError

WORKING_ADDRESSES = (
    "name a file such as mlflow.db, sqlite:///PATH, or an MLflow server at http://HOST:PORT"
)

# A scheme has two letters or more, because C: is a drive of Windows.
_SCHEME = re.compile(r"([a-z][a-z0-9.+-]+):", re.IGNORECASE)
_SQLITE = "sqlite:///"
_SQLITE_START = b"SQLite format 3\0"
# The databases of MLflow, with the module that SQLAlchemy imports for each, and its package.
_DATABASES = {
    "postgresql": ("psycopg", "psycopg[binary]"),
    "mysql": ("MySQLdb", "mysqlclient"),
    "mssql": ("pyodbc", "pyodbc"),
}


def address_scheme(address: str) -> str | None:
    """Return the scheme of an address in lower case; None for a path.

    >>> address_scheme("http://localhost:5000"), address_scheme("file:runs"), address_scheme("a.db")
    ('http', 'file', None)
    """
    if address == "databricks":
        return address
    found = _SCHEME.match(address)
    return found[1].lower() if found else None


def store_file(uri: str) -> Path | None:
    """Return the file of an SQLite store; None for a server.

    >>> store_file("sqlite:///mlflow.db").name
    'mlflow.db'
    """
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def check_address(uri: str) -> None:
    """Raise an error unless MLflow can read an address.

    Args:
        uri: the result of `store_uri`.

    Raises:
        CopeError: with the reason, and the addresses that work.
    """
    problem = _problem(uri, address_scheme(uri) or "")
    if problem:
        raise CopeError(f"cannot use the tracking store {uri!r}: {problem}")


def _problem(uri: str, scheme: str) -> str | None:
    """Return what is wrong with an address; None when it can be read."""
    if not uri.isprintable():
        return f"it has a control character; {WORKING_ADDRESSES}"
    if scheme == "file":
        return (
            "MLflow stores runs in a database and no longer in a folder; "
            f"{WORKING_ADDRESSES} (`mlflow migrate-filestore` moves old runs)"
        )
    if scheme == "sqlite":
        return _sqlite_problem(uri)
    if scheme in ("http", "https"):
        return _server_problem(uri, scheme)
    database, _, driver = scheme.partition("+")
    if database in _DATABASES:
        module, package = _DATABASES[database]
        if find_spec(driver.partition(".")[0] or module) is None:
            return f"{database} needs a package that is not installed: pip install '{package}'"
        return None
    plugins = {plugin.name for plugin in entry_points(group="mlflow.tracking_store")}
    if scheme in plugins or scheme == "databricks" or scheme.startswith("sqlite+"):
        return None
    return f"MLflow knows no stores at {scheme}:; {WORKING_ADDRESSES}"


def _sqlite_problem(uri: str) -> str | None:
    file = store_file(uri)
    if file is None:
        path = uri.partition(":")[2].lstrip("/")
        return f"write {_SQLITE}{path or 'mlflow.db'}" + (" with three slashes" if path else "")
    path, _, query = uri.removeprefix(_SQLITE).partition("?")
    if query:
        return f"a path of an SQLite store has no ?; {WORKING_ADDRESSES}"
    if not path.strip():
        return f"the path is missing; write {_SQLITE}mlflow.db"
    try:
        if file.is_dir():
            return f"it is a folder; name a file in it, such as {file / 'mlflow.db'}"
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            start = opened.read(len(_SQLITE_START))
    except OSError as error:
        return f"{error.strerror}; {WORKING_ADDRESSES}"
    if start not in (b"", _SQLITE_START):
        return f"it is not an SQLite file; {WORKING_ADDRESSES}"
    return None


def _server_problem(uri: str, scheme: str) -> str | None:
    example = f"write {scheme}://HOST:PORT"
    try:
        parts = urlsplit(uri)
        has_host = bool(parts.hostname)
        _ = parts.port  # raises for a port that is no number
    except ValueError as error:
        return f"{error}; {example}"
    if not has_host or not uri.lower().startswith(f"{scheme}://"):
        return f"it names no host; {example}"
    return None
