"""Lock a folder so that only one process writes to it."""

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import CopeError


def lock_directory(path: Path, writer: str) -> FileLock:
    """Create a folder and lock it against other processes, until the lock is released.

    Args:
        path: the folder.
        writer: a noun for the process that writes to it, such as "run".

    Raises:
        CopeError: when the folder cannot be written, or another process holds the lock.
    """
    # Any thread may release the lock.
    lock = FileLock(path / "lock", timeout=0, thread_local=False)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise CopeError(
            f"another {writer} is writing to {path}: wait for it, or choose another folder "
            "with --runs"
        ) from None
    except OSError as error:
        raise CopeError(
            f"cannot write to {path}: {error.strerror}; choose another folder with --runs"
        ) from None
    return lock
