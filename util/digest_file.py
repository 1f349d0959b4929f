"""JSON files of a format's family that carry a digest of their content."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .hashing import digest
from .json_text import read_json


def read_format(path: str | Path, family: str) -> dict[str, Any] | None:
    """Return the content of a file whose `format` begins with `family`; None for any other file.

    Raises:
        OSError: when the file cannot be read.
    """
    try:
        plain = read_json(Path(path))
    except ValueError:
        return None
    if isinstance(plain, dict) and str(plain.get("format", "")).startswith(family):
        return plain
    return None


def has_format(path: str | Path, family: str) -> bool:
    """Return whether a file can be read and its `format` begins with `family`."""
    try:
        return read_format(path, family) is not None
    except OSError:
        return False


def content_digest(plain: Mapping[str, Any]) -> str:
    """Return the digest of some content as it is after it was written and read again.

    >>> content_digest({"rows": (1, 2)}) == content_digest({"rows": [1, 2]})
    True
    """
    return digest(json.loads(json.dumps(plain)))
