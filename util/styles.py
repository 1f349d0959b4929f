"""Styles of parts of a text: a terminal shows them as colors, and a file leaves them out."""

from collections.abc import Callable
from typing import Literal

StyleName = Literal["name", "aside", "removed", "added", "place"]

Style = Callable[[str, StyleName], str]
"""Return a text in a style."""


def unstyled(text: str, name: StyleName) -> str:
    """Return a text as it is."""
    return text
