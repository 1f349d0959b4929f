"""A folder that one process at a time writes to."""

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import CopeError


def lock_directory(path: Path, writer: str) -> FileLock:
    """Make a folder and keep others off it, until the lock is released.

    Args:
        path: the folder.
        writer: what writes to it, in a word.

    Raises:
        CopeError: when it cannot be written, or somebody holds it.
    """
    # Whichever thread releases it, and whichever object in this process asks for the folder once more.
    lock = FileLock(path / "lock", timeout=0, thread_local=False)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise CopeError(
            f"another {writer} is writing to {path}: wait for it, or choose another folder with --runs"
        ) from None
    except OSError as error:
        raise CopeError(
            f"cannot write to {path}: {error.strerror}; choose another folder with --runs"
        ) from None
    return lock
