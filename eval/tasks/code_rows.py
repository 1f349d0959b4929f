"""Rows of code data sets: what a code task asks and how it is scored."""

from dataclasses import dataclass
from typing import Any


class BadRow(Exception):
    """A row cannot be used; the message gives the reason."""


@dataclass(frozen=True)
class CodeRow:
    """The question for one program, the tests that it sees, and the tests that score it."""

    id: str | None
    question: str
    answer: str
    tests: list[str]
    setup: str
    entry_point: str
    hidden: list[str]
    hidden_setup: str


def text_of(row: dict[str, Any], *names: str) -> str:
    """Return the first of the named fields that a row has; empty without any.

    Line ends become `\\n`.
    """
    for name in names:
        if row.get(name) is not None:
            return str(row[name]).replace("\r\n", "\n").replace("\r", "\n")
    return ""
