"""The accuracy of a system by the value of a field, with its interval."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...util.text import plural, shorten
from ..figures import ReportData
from .theme import COLORS, axes_at, new_figure, strip_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_VALUES = 16
"""Number of values of a field that are plotted; the page's table has more."""

_ROW = 26


def has_plot(breakdown: ReportData) -> bool:
    """Return whether a plot of a breakdown says more than its table: two to `MOST_VALUES` values
    of which one has a known accuracy."""
    rows = breakdown["values"]
    return 2 <= len(rows) <= MOST_VALUES and any(row["accuracy"] is not None for row in rows)


def plot_breakdown(breakdown: ReportData, width: int) -> "Figure":
    """Plot a line for each value: a dot at the accuracy, and its 95% interval.

    Args:
        breakdown: an entry of `system_breakdowns`.
        width: in pixels.
    """
    rows = breakdown["values"]
    figure = new_figure(width, _ROW * len(rows) + 52)
    left = min(width * 0.4, 16 + 7.2 * max(len(label) for label in _labels(rows)))
    axes = axes_at(figure, left, 8, width - left - 16, _ROW * len(rows))
    strip_axes(axes)
    for place, row in enumerate(rows):
        if row["accuracy"] is not None:
            axes.plot(row["interval"], [place, place], color=COLORS["accent"], alpha=0.6)
            axes.plot(
                [row["accuracy"]],
                [place],
                "o",
                color=COLORS["accent"],
                markersize=8,
                markeredgecolor=COLORS["card"],
                gid=f"value-{place}",
            )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.yaxis.set_ticks(range(len(rows)), _labels(rows))
    axes.set_xlabel("accuracy", fontsize=11, color=COLORS["muted"], labelpad=6)
    return figure


def _labels(rows: Sequence[ReportData]) -> list[str]:
    return [shorten(row["value"], 24) for row in rows]


def breakdown_tooltips(breakdown: ReportData) -> dict[str, str]:
    """Return the tooltip of each dot, by its id."""
    return {f"value-{place}": _row_text(row) for place, row in enumerate(breakdown["values"])}


def breakdown_caption(breakdown: ReportData) -> str:
    """Return the accuracies as a sentence, for screen readers."""
    texts = [_row_text(row) for row in breakdown["values"]]
    return f"Accuracy by {breakdown['field']}: {'; '.join(texts)}."


def _row_text(row: ReportData) -> str:
    if row["accuracy"] is None:
        return f"{row['value']}: unknown"
    low, high = row["interval"]
    questions = plural(row["n"], "question")
    return f"{row['value']}: {row['accuracy']:.1%} of {questions} ({low:.1%} to {high:.1%})"
