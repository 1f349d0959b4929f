"""The console of a command's results."""

import sys

from rich.console import Console

WIDTH = 140


def result_console(width: int = WIDTH) -> Console:
    """Return a console on stdout: as wide as the terminal, or of a fixed width without one."""
    return Console() if sys.stdout.isatty() else Console(width=width)
