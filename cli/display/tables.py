"""The console of a command's results, and the label of a round."""

import sys

from rich.console import Console

from ...programs.systems.stage import tiers_label

WIDTH = 140


def result_console(width: int = WIDTH) -> Console:
    """Return a console on stdout: as wide as the terminal, or of a fixed width without one."""
    return Console() if sys.stdout.isatty() else Console(width=width)


def round_label(number: int, planner: str | None, reasoner: str) -> str:
    """Format a round's number and its tiers.

    >>> round_label(1, "large", "small"), round_label(2, None, "large")
    ('1 large plans, small solves', '2 large solves')
    """
    return f"{number} {tiers_label(planner, reasoner)}"
