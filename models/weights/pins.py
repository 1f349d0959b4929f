"""Pin size and hash of weights that the catalog does not name, at their first download.

A later download gets the same bytes, or fails. The hub names size, SHA-256 and commit of a large
file in the headers that huggingface_hub's `get_hf_file_metadata` reads too.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from ...errors import CopeError
from ...util.files import write_atomic
from ...util.json_text import read_json
from .catalog import Weights, cache_dir
from .hub import file_headers
from .partial import SourceFailed

_SHA256 = re.compile(r"[0-9a-f]{64}")


def pin_file(weights: Weights) -> Path:
    """Return the file in the cache that holds the size and hash of these weights."""
    return cache_dir() / f"{weights.file}.pin"


def pinned(weights: Weights) -> Weights:
    """Return weights with the size and hash of their first download; unchanged before it.

    Raises:
        CopeError: when the file with them is damaged.
    """
    file = pin_file(weights)
    if weights.sha256 or not file.exists():
        return weights
    try:
        pin = read_json(file)
        return _checked(weights, pin["size"], pin["sha256"], pin["revision"])
    except (OSError, ValueError, KeyError, TypeError, SourceFailed):
        raise CopeError(
            f"{file} is damaged: delete it, and the next download makes a new one"
        ) from None


def pin(weights: Weights) -> Weights:
    """Return weights with their size and hash, which the hub is asked for when they are unknown.

    Raises:
        SourceFailed: when the hub does not answer, or has no such file.
    """
    known = pinned(weights)
    if known.sha256:
        return known
    headers = file_headers(weights)
    size = headers.get("x-linked-size", "")
    found = _checked(
        weights,
        int(size) if size.isdecimal() else None,
        headers.get("x-linked-etag", "").strip('"'),
        headers.get("x-repo-commit"),
    )
    content = {"size": found.size, "sha256": found.sha256, "revision": found.revision}
    file = pin_file(weights)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(file, json.dumps(content))
    return found


def _checked(weights: Weights, size: object, sha256: object, revision: object) -> Weights:
    """Return weights with what a file or the hub says of them, after a check of its types."""
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise SourceFailed("names no SHA-256 of the file")
    if not isinstance(size, int) or size <= 0 or not isinstance(revision, str):
        raise SourceFailed("names no size or commit of the file")
    return replace(weights, size=size, sha256=sha256, revision=revision)
