"""Find the JSON value in a reply, and give equal values one form."""

import json
import math
import re
from typing import Any, NoReturn

from .reply.cleaning import visible_text

MAX_CHARS = 200_000
"""Longer replies are not read, so that the time is bounded."""

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)```", re.S | re.I)
_EXACT = 2**53  # the integers below it are exact as floats


class NoJson(ValueError):
    """A text holds no JSON value."""


def json_in_reply(reply: str) -> str:
    """Return the JSON in a reply: what it begins with, else its last block, else its first value.

    Raises:
        NoJson: when there is none. Numbers that JSON lacks, such as NaN, are none, and a value that
            is nested too deeply is not read.

    >>> json_in_reply('Here it is: {"a": [1, 2]} as asked.')
    '{"a": [1, 2]}'
    """
    if len(reply) > MAX_CHARS:
        raise NoJson("the reply is too long")
    whole = reply.strip()
    if whole.startswith(("{", "[")):  # read as it is streamed, see `JsonStart`
        end = _end_of_value(whole, 0)
        if end is not None:
            return whole[:end]
    shown = visible_text(reply)
    for text in [whole, *reversed(_FENCE.findall(shown)), shown]:
        if is_json(text.strip()):
            return text.strip()
    return _first_value(shown)


def is_json(text: str) -> bool:
    """Return whether a text is one JSON value and nothing else."""
    try:
        _ = read_json(text)
    except NoJson:
        return False
    return True


def read_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        NoJson: when it is none.
    """
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NoJson("the text is no JSON") from None


def canonical_json(value: Any) -> str:
    """Return a value in the one form that all equal values have.

    The order of keys does not count, and 1.0 is the number 1.

    >>> canonical_json({"b": 1.0, "a": [True]})
    '{"a":[true],"b":1}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _first_value(text: str) -> str:
    """Return the first object or list in a text."""
    for start in re.finditer(r"[{\[]", text):
        end = _end_of_value(text, start.start())
        if end is not None:
            return text[start.start() : end]
        if text.count("{", start.end()) + text.count("[", start.end()) > 100:
            break  # reading from each of them would take long
    raise NoJson("the reply holds no JSON")


def _end_of_value(text: str, start: int) -> int | None:
    """Return where the value ends that begins at a place; None when none does."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NoJson("the number is too large")
    return number


def _refuse(constant: str) -> NoReturn:
    raise NoJson(f"JSON has no {constant}")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
