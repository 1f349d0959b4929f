"""The style of the plots: colors that the page can replace, and sizes in pixels."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = {
    "ink": "#1b2027",
    "muted": "#5b6673",
    "line": "#dde1e6",
    "card": "#ffffff",
    "accent": "#1f5fbf",
    "other": "#7b8794",
    "swept": "#9db9e4",
    "right": "#14805e",
    "wrong": "#c4491d",
    "on": "#b9c3d0",
    "unknown": "#e9d8a6",
    "round-1": "#1f5fc0",
    "round-2": "#6f9be0",
    "round-3": "#b3c8ee",
    "round-4": "#d5dff2",
}
"""By role, for a white page. No two are the same, so that a color identifies its role in an SVG."""

WIDTHS = {"wide": 700, "narrow": 330}
"""In pixels: the page contains every plot in both widths."""

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "cope",  # the same data give the same file
    "font.size": 12,
    "text.parse_math": False,  # a name may contain a dollar sign
    "path.simplify": False,
}


@contextmanager
def report_style() -> Iterator[None]:
    """Use the report's settings of matplotlib inside the context."""
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):
        yield


def new_figure(width: float, height: float) -> "Figure":
    """Return a figure of this size in pixels, with 72 pixels to the inch: a point is a pixel."""
    from matplotlib.figure import Figure  # pyplot would look for a window system

    return Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=COLORS["card"])


def axes_at(figure: "Figure", left: float, top: float, width: float, height: float) -> "Axes":
    """Add axes at a position in pixels from the upper left corner."""
    whole_width, whole_height = (72 * inches for inches in figure.get_size_inches())
    bottom = whole_height - top - height
    axes = figure.add_axes(
        (left / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
    )
    axes.set_facecolor("none")
    return axes


def add_heading(figure: "Figure", title: str, lines: Sequence[str]) -> "Figure":
    """Add a title and lines below it at the top of a figure, which becomes taller."""
    width, height = (72 * inches for inches in figure.get_size_inches())
    texts = textwrap.wrap(title, int(width / 7.4))
    title_lines = len(texts)
    for line in lines:
        texts += textwrap.wrap(line, int(width / 6.4))
    whole = height + 16 * len(texts) + 14
    figure.set_size_inches(width / 72, whole / 72)
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((box.x0, box.y0 * height / whole, box.width, box.height * height / whole))
    for index, text in enumerate(texts):
        drawn = figure.text(4 / width, 1 - (16 * index + 17) / whole, text, va="baseline")
        if index < title_lines:
            drawn.set(weight="bold", color=COLORS["ink"], fontsize=12)
        else:
            drawn.set(color=COLORS["muted"], fontsize=11)
    return figure


def strip_axes(axes: "Axes") -> None:
    """Show grid lines, and hide spines and tick marks."""
    axes.grid(color=COLORS["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=11, labelcolor=COLORS["muted"], pad=5)


def pixel_axes(figure: "Figure") -> "Axes":
    """Return axes over the whole figure with pixels from the upper left corner as units."""
    width, height = (72 * inches for inches in figure.get_size_inches())
    axes = axes_at(figure, 0, 0, width, height)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes
