"""Rows of code data sets: what a code task asks and how it scores; a row that cannot be used says why."""

from dataclasses import dataclass
from typing import Any


class BadRow(Exception):
    """A row that cannot be used; the message says why in a few words."""


@dataclass(frozen=True)
class CodeRow:
    """One task: what the program is asked for, the tests it sees, and the tests that score it."""

    id: str | None
    question: str
    answer: str
    tests: list[str]
    setup: str
    entry_point: str
    hidden: list[str]
    hidden_setup: str


def text_of(row: dict[str, Any], *names: str) -> str:
    """Return the first of the named fields that a row has, with line ends as `\\n`; empty without any."""
    value = next((row[name] for name in names if row.get(name) is not None), "")
    return str(value).replace("\r\n", "\n").replace("\r", "\n")
