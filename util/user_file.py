"""Run a user's Python file as a module, and name its line when it raises an error."""

import hashlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..errors import CopeError, first_line

_run_files: set[str] = set()


@dataclass(frozen=True)
class UserFile:
    """A user's file that was run.

    Attributes:
        path: the file.
        source: its content.
        module: the module that it became.
    """

    path: Path
    source: bytes
    module: ModuleType

    @property
    def digest(self) -> str:
        """A digest of the file's content. Modules that the file imports are not in it."""
        return hashlib.sha256(self.source).hexdigest()[:16]


def run_user_file(path: Path) -> UserFile:
    """Run a Python file as a module.

    The file may import modules from its own folder. What it prints goes to stderr, because stdout
    is for results.

    Args:
        path: the file. It is run, so it must be trusted.

    Raises:
        CopeError: if it cannot be read, or raises an error, with the line.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise CopeError(f"cannot read {path}: {error.strerror}") from None
    module = ModuleType(f"cope_user_file_{hashlib.sha256(source).hexdigest()[:16]}")
    module.__file__ = str(path)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that the folder hides no other package's module
    sys.modules[module.__name__] = module  # dataclasses look their module up
    _run_files.add(str(path))
    with errors_of_user(path), redirect_stdout(sys.stderr):
        exec(compile(source, str(path), "exec", dont_inherit=True), vars(module))
    return UserFile(path, source, module)


@contextmanager
def errors_of_user(path: Path) -> Iterator[None]:
    """Turn an error of a user's code into a `CopeError` with the file's line."""
    try:
        yield
    except (CopeError, KeyboardInterrupt):
        raise
    except BaseException as error:  # also SystemExit
        raise CopeError(describe_user_error(error) or _describe(str(path), error)) from error


def describe_user_error(error: BaseException) -> str | None:
    """Return an error as one line that begins with the line of a user's file.

    None if no file that `run_user_file` has run was running.
    """
    if isinstance(error, SyntaxError) and error.filename in _run_files:
        return _describe(f"{error.filename} line {error.lineno}", error)
    places = [
        f"{frame.filename} line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in _run_files
    ]
    return _describe(places[-1], error) if places else None


def _describe(place: str, error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else first_line(error)
    name = type(error).__name__
    text = name if message in ("", name) else f"{name}: {message}"
    return f"{place}: {text}: correct the file"
