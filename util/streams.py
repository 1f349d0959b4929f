"""Open the standard streams that a caller closed."""

import os
import sys


def open_missing_streams() -> None:
    """Open the null device in place of each standard stream that is closed, as after `>&-`.

    Python has None there, and a file that is opened later would take the stream's place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
