"""The output of the commands on stdout and stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...models.server_waits import SERVER_WAITS

if TYPE_CHECKING:
    from ...programs import Cascade
    from ...programs.events import Observer


@contextmanager
def round_display(cascade: "Cascade", quiet: bool = False) -> Iterator["Observer | None"]:
    """Yield an observer for `observed_by` that shows a cascade's rounds on stderr; None when quiet.

    Models that only a later round asks are loaded when that round starts.
    """
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        from .rounds import PlainRoundDisplay

        plain = PlainRoundDisplay(cascade)
        SERVER_WAITS.report_to(plain.say)
        try:
            yield plain
        finally:
            SERVER_WAITS.report_to(None)
        return
    from .rounds_live import LiveRoundDisplay

    with LiveRoundDisplay(cascade) as live:
        yield live
