"""Where the chatter of optimizers goes: to a file, so that stdout stays the result's and stderr the progress line's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path


@contextmanager
def quiet(path: Path) -> Iterator[None]:
    """What is printed or logged inside is appended to the file."""
    with path.open("a", encoding="utf-8") as log:
        sys.stdout.flush()
        with redirect_stdout(log), redirect_stderr(log):
            yield
