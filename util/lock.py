"""Lock a folder so that only one process writes to it."""

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import CopeError


def lock_directory(
    path: Path, writer: str, remedy: str = "choose another folder with --runs"
) -> FileLock:
    """Create a folder and lock it against other processes, until the lock is released.

    Args:
        path: the folder.
        writer: a noun for the process that writes to it, such as "run".
        remedy: what the user can do if the folder cannot be used.

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
            f"another {writer} is writing to {path}: wait for it, or {remedy}"
        ) from None
    except OSError as error:
        raise CopeError(f"cannot write to {path}: {error.strerror}; {remedy}") from None
    return lock
