"""Standard streams: those that a caller closed, and a stdout that belongs to a protocol."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout


def open_missing_streams() -> None:
    """Open the null device in place of each standard stream that is closed, as after `>&-`.

    Python has None there, and a file that is opened later would take the stream's place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send what is printed on stdout inside to stderr, also by libraries in C and by children."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
