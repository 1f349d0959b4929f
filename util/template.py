"""Templates that write a question from the columns of a row, such as `Customer: {text}`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import CopeError

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_ESCAPE = re.compile(r"\\([nt\\])")
_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}


def unescape(text: str) -> str:
    r"""Return a text with `\n`, `\t` and `\\` replaced, because a shell passes them as they are.

    >>> unescape(r"Customer: {text}\nWhich team?")
    'Customer: {text}\nWhich team?'
    """
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text)


@dataclass(frozen=True)
class Template:
    """A text with columns in braces. `{{` and `}}` are braces.

    What is between braces is the name of a column and nothing else: there are no formats, no
    indexes and no attributes, so that a template reaches nothing but the cells of its row.

    Args:
        text: the template.

    Raises:
        CopeError: for a brace without its partner, empty braces, or no column at all.

    >>> Template("Customer: {text}").fill({"text": "Where is {it}?"})
    'Customer: Where is {it}?'
    """

    text: str

    def __post_init__(self) -> None:
        if not self.columns:
            raise self._error("it names no column, and every row would ask the same")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns in the order of their first use."""
        names: dict[str, None] = {}
        for match in _TOKEN.finditer(self.text):
            token, name = match[0], match[1]
            if len(token) == 1:
                raise self._error(f"a single {token!r} at character {match.start() + 1}: double it")
            if name == "":
                raise self._error("{} names no column")
            if name is not None:
                names[name] = None
        return tuple(names)

    def fill(self, row: Mapping[str, Any]) -> str:
        """Return the text with the cells of a row. A missing cell is empty."""

        def replacement(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0][0]
            return cell_text(row.get(match[1]))

        return _TOKEN.sub(replacement, self.text)

    def _error(self, reason: str) -> CopeError:
        return CopeError(f"the template {self.text!r} cannot be used: {reason}")


def cell_text(value: Any) -> str:
    """Return a cell as a question shows it: lists and objects as JSON, an empty cell as nothing.

    >>> cell_text(["a", 1]), cell_text(None)
    ('["a", 1]', '')
    """
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
