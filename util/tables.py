"""Tables of results as text: the style of a table, common cells, rendering to a string."""

import io
from collections.abc import Callable, Collection, Mapping

from rich.console import Console
from rich.table import Table


def new_table(columns: Collection[str], left: Collection[str]) -> Table:
    """Return an empty table without lines.

    Args:
        columns: the headers.
        left: the columns of text, aligned on the left; numbers are aligned on the right.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right")
    return table


def percent(value: float | None, missing: str = "-") -> str:
    """Format a share; None is `missing`."""
    return missing if value is None else f"{value:.1%}"


def models_text(models: Mapping[str, str]) -> str:
    """Format each tier with its model."""
    return ", ".join(f"{tier} {model}" for tier, model in models.items())


def plain_text(render: Callable[[Console], None], width: int) -> str:
    """Return what a function prints on a console, as text without colors.

    Args:
        render: prints on the console.
        width: the width of the console in characters.
    """
    text = io.StringIO()
    render(Console(file=text, width=width, no_color=True))
    return text.getvalue()
