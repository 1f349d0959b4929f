"""What the tables of the commands share: the console, the style of a table, common cells."""

import sys
from collections.abc import Collection, Mapping

from rich.console import Console
from rich.table import Table

from ...programs.systems.stage import tiers_label

WIDTH = 140


def result_console(width: int = WIDTH) -> Console:
    """Return a console on stdout: as wide as the terminal, or of a fixed width without one."""
    return Console() if sys.stdout.isatty() else Console(width=width)


def new_table(columns: Collection[str], left: Collection[str]) -> Table:
    """Return an empty table without lines.

    Args:
        columns: the headers.
        left: those whose cells are texts, aligned on the left; numbers are aligned on the right.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right")
    return table


def percent(value: float | None, missing: str = "-") -> str:
    """Format a share; `missing` stands for None."""
    return missing if value is None else f"{value:.1%}"


def round_label(number: int, planner: str | None, reasoner: str) -> str:
    """Format a round's number and its tiers.

    >>> round_label(1, "large", "small"), round_label(2, None, "large")
    ('1 large plans, small solves', '2 large solves')
    """
    return f"{number} {tiers_label(planner, reasoner)}"


def models_text(models: Mapping[str, str]) -> str:
    """Format each tier with its model."""
    return ", ".join(f"{tier} {model}" for tier, model in models.items())
