"""Parse JSON from files and servers, which may hold anything."""

import json
from pathlib import Path
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Parse JSON text.

    Lone surrogates are replaced by the replacement character, because they cannot be written to a
    file again.

    Raises:
        ValueError: for text that is no JSON, is not UTF-8, or is nested too deeply.

    >>> parse_json('{"a": "\\\\ud800"}')
    {'a': '\ufffd'}
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            value = _without_surrogates(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def read_json(path: Path) -> Any:
    """Read a JSON file, see `parse_json`.

    Raises:
        OSError: when the file cannot be read.
        ValueError: when it holds no JSON.
    """
    return parse_json(path.read_bytes())


def replace_surrogates(text: str) -> str:
    """Return a text with lone surrogates replaced by the replacement character.

    >>> replace_surrogates("a\\ud800b")
    'a\ufffdb'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        clean = {}
        for name, item in value.items():
            clean[replace_surrogates(name)] = _without_surrogates(item)
        return clean
    return value
