"""The result of one check of `cope doctor`, and how long a check may take."""

from dataclasses import dataclass
from typing import Literal

CHECK_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: what was checked.
        status: `missing` keeps the default models from answering; a `note` does not.
        found: one or more lines for the user.
        advice: what to do; empty where nothing needs doing.
    """

    name: str
    status: Literal["ok", "note", "missing"]
    found: str
    advice: str = ""
