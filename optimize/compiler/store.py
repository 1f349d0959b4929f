"""The folder of one compile: what it keeps there, and that only one compile at a time writes to it."""

from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from ...errors import CopeError
from ...util.lock import hold

CALLS, ROUNDS = "calls.jsonl", "rounds.jsonl"
NOTES = "run.json"
"""Its MLflow run, and which candidates that was told about."""
STARTED = "started"
"""A file that says that more than the pilot was run."""
KEPT = (CALLS, ROUNDS, NOTES, STARTED)
"""All that a compile goes on from."""


class CompileFolder:
    """A folder that is held until it is closed.

    Args:
        path: where; None makes a temporary one.

    Raises:
        CopeError: when it cannot be written, or another compile holds it.
    """

    def __init__(self, path: Path | None) -> None:
        try:
            self.path = path or Path(mkdtemp(prefix="cope-compile-"))
        except OSError as error:
            raise CopeError(
                f"cannot write a temporary folder: {error.strerror}; choose a folder with --runs"
            ) from None
        self._lock = hold(self.path, "compile")

    def forget(self) -> None:
        """Remove what an earlier compile left."""
        for name in KEPT:
            (self.path / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let others have it."""
        self._lock.release()


def check_free(path: Path) -> None:
    """Raise a CopeError while another compile writes to a folder; one that cannot be looked at is not said to be taken."""
    with suppress(FileNotFoundError):
        if path.is_dir():
            CompileFolder(path).close()
