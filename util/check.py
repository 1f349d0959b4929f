"""The result of one check of the machine or of a service, as `cope doctor` prints it."""

from dataclasses import dataclass
from typing import Literal


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
