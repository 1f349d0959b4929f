"""The folder of a compile: the files that a resumed compile reads, and a lock against others."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from tempfile import mkdtemp

from ...errors import CopeError
from ...util.lock import lock_directory

CALLS_FILE, ROUNDS_FILE = "calls.jsonl", "rounds.jsonl"
METADATA_FILE = "run.json"
"""Holds the compile's MLflow run, and the candidates that were logged to it."""
STARTED_FILE = "started"
"""Exists when more than the pilot was run."""
STATE_FILES = (CALLS_FILE, ROUNDS_FILE, METADATA_FILE, STARTED_FILE)
"""All files that a resumed compile reads."""
_LOG_FILE = "optimizer.log"


class CompileStore:
    """A folder that is locked until it is closed.

    Args:
        path: the folder; None makes a temporary one.

    Raises:
        CopeError: when it cannot be written, or another compile holds the lock.
    """

    def __init__(self, path: Path | None) -> None:
        try:
            self.path = path or Path(mkdtemp(prefix="cope-compile-"))
        except OSError as error:
            raise CopeError(
                f"cannot write a temporary folder: {error.strerror}; choose a folder with --runs"
            ) from None
        self._lock = lock_directory(self.path, "compile")

    @contextmanager
    def redirect_output(self) -> Iterator[None]:
        """Append output inside to the folder's log.

        stdout is for the result, and stderr for the progress line.
        """
        with (self.path / _LOG_FILE).open("a", encoding="utf-8") as log:
            sys.stdout.flush()
            with redirect_stdout(log), redirect_stderr(log):
                yield

    def clear(self) -> None:
        """Remove the files of an earlier compile."""
        for name in STATE_FILES:
            (self.path / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock."""
        self._lock.release()


def check_unlocked(path: Path) -> None:
    """Raise a CopeError while another compile holds the lock of a folder.

    A folder that does not exist is unlocked.
    """
    with suppress(FileNotFoundError):
        if path.is_dir():
            CompileStore(path).close()


def check_compile_dir(
    folder: Path, *, resume: bool, fresh: bool, dry_run: bool, notify: Callable[[str], None]
) -> None:
    """Check that a compile may use its folder.

    Args:
        folder: the compile's folder.
        resume: whether the user wants to continue an earlier compile.
        fresh: whether the user wants its files removed.
        dry_run: whether only the pilot runs.
        notify: receives a line for the user.

    Raises:
        CopeError: when an earlier compile's files exist and the user chose neither, or another
            compile holds the lock.
    """
    check_unlocked(folder)
    if dry_run:
        if fresh and (folder / CALLS_FILE).exists():
            notify(f"a dry run forgets nothing, so --fresh leaves {folder} as it is")
        return
    if (folder / STARTED_FILE).exists() and not (resume or fresh):
        raise CopeError(
            f"an earlier compile like this one is in {folder}: resume it with --resume, or start "
            "again with --fresh"
        )


@contextmanager
def report_saved_state(folder: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Tell the user how to resume, when an error or a signal ends the work inside.

    Args:
        folder: the compile's folder.
        notify: receives a line for the user.
    """
    (folder / STARTED_FILE).touch()
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception):
            # The threads that DSPy leaves behind would log that they were stopped.
            logging.getLogger("dspy").setLevel(logging.CRITICAL)
        notify(f"finished work is saved in {folder}: the same command with --resume resumes it")
        raise
