"""The result of one check of `cope doctor`, and how long a check may take."""

from dataclasses import dataclass
from typing import Literal

SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """What one look found.

    Attributes:
        name: what was looked at.
        status: `missing` keeps the default models from answering; a `note` does not.
        found: plain words, a line or more.
        advice: what to do, empty where nothing needs doing.
    """

    name: str
    status: Literal["ok", "note", "missing"]
    found: str
    advice: str = ""
