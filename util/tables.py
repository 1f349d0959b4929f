"""Print tables and sentences of results: common cells, wrapping, rendering to a string."""

import io
from collections.abc import Callable, Collection, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from .result_table import ResultTable
from .text import wrap_sentence


def new_table(columns: Sequence[str], left: Collection[str]) -> ResultTable:
    """Return an empty table without lines, which fits every terminal.

    Args:
        columns: the headers.
        left: the columns of text, aligned on the left; numbers are aligned on the right.
    """
    return ResultTable(list(columns), left)


def percent(value: float | None, missing: str = "-") -> str:
    """Format a share; None is `missing`."""
    return missing if value is None else f"{value:.1%}"


def models_text(models: Mapping[str, str]) -> str:
    """Format each tier with its model."""
    return ", ".join(f"{tier} {model}" for tier, model in models.items())


def print_sentence(
    console: Console, text: str, bold: Collection[str] = (), *, wraps: bool = True
) -> None:
    """Print plain text that may hold names from files and models, without markup.

    Args:
        console: prints the text.
        text: the text.
        bold: the words that are printed in bold.
        wraps: whether lines end at the console's width.
    """
    shown = Text(wrap_sentence(text, console.width) if wraps else text)
    shown.highlight_words(list(bold), "bold")
    console.print(shown, highlight=False, soft_wrap=True)


def plain_text(render: Callable[[Console], None], width: int) -> str:
    """Return what a function prints on a console, as text without colors.

    Args:
        render: prints on the console.
        width: the width of the console in characters.
    """
    text = io.StringIO()
    render(Console(file=text, width=width, no_color=True))
    return text.getvalue()
