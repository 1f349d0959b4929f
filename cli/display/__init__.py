"""The output of the commands on stdout and stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ...models.server_waits import SERVER_WAITS

if TYPE_CHECKING:
    from ...programs import Cascade
    from ...programs.events import Observer


@contextmanager
def round_display(cascade: "Cascade", quiet: bool = False) -> Iterator["Observer | None"]:
    """Yield an observer that shows the rounds of a cascade on stderr; None when quiet."""
    if quiet:
        yield None
        return
    if sys.stderr.isatty():
        from .rounds_live import LiveRoundDisplay

        with LiveRoundDisplay(cascade) as live:
            yield live
        return
    from ...programs.round_lines import RoundLines

    lines = RoundLines(cascade, partial(print, file=sys.stderr, flush=True))
    with SERVER_WAITS.reported_to(lines.say):
        yield lines
