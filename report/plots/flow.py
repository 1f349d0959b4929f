"""The flow of questions: how many a round answers correctly, incorrectly, or escalates."""

import textwrap
from typing import TYPE_CHECKING

from ...util.text import plural
from ..figures import ReportData
from .theme import COLORS, new_figure, pixel_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OUTCOMES = {
    "right": "answered rightly",
    "wrong": "answered wrongly",
    "unknown": "unknown",
    "on": "escalated",
}
_NARROW_OUTCOMES = {"right": "right", "wrong": "wrong", "unknown": "unknown", "on": "escalated"}
_BAR_HEIGHT, _LINE_HEIGHT, _ROUND_GAP = 30, 17, 26

_LegendEntry = tuple[float, str, str]
"""Its x in pixels, the outcome, and its text."""


def plot_flow(system: ReportData, width: int) -> "Figure":
    """Draw a bar for each round, from top to bottom.

    The escalated questions are at the right end of a bar, above the bar of the next round.

    Args:
        system: the data of a system.
        width: in pixels.
    """
    rounds = [row for row in system["flow"] if row["got"]] or system["flow"][:1]
    height = 8 + _ROUND_GAP * (len(rounds) - 1)
    headings: list[list[str]] = []
    legends: list[list[list[_LegendEntry]]] = []
    for row in rounds:
        heading = textwrap.wrap(_heading(row), int(width / 6.6))
        legend = _legend_lines(row, width)
        height += (len(heading) + len(legend)) * _LINE_HEIGHT + _BAR_HEIGHT + 8
        headings.append(heading)
        legends.append(legend)
    figure = new_figure(width, height)
    axes = pixel_axes(figure)
    total, inner = max(rounds[0]["got"], 1), width - 2.0
    top = bar_above = 4.0
    for index, row in enumerate(rounds):
        start = 1 + inner * (1 - row["got"] / total)
        top = _draw_heading(axes, headings[index], top)
        if index:
            _draw_stream(axes, bar_above, top, start, width - 1)
        x = start
        for part in _OUTCOMES:
            x = _draw_segment(axes, row, part, x, top, inner * row[part] / total)
        bar_above = top + _BAR_HEIGHT
        _draw_legend(axes, legends[index], top + _BAR_HEIGHT + _LINE_HEIGHT - 4)
        top += _BAR_HEIGHT + len(legends[index]) * _LINE_HEIGHT + 4 + _ROUND_GAP
    return figure


def _heading(row: ReportData) -> str:
    return f"Round {row['round']}: {row['words']}  ({plural(row['got'], 'question')})"


def _draw_heading(axes: "Axes", lines: list[str], top: float) -> float:
    for line in lines:
        axes.text(
            1,
            top + _LINE_HEIGHT - 5,
            line,
            fontsize=12,
            color=COLORS["ink"],
            va="baseline",
            zorder=4,
        )
        top += _LINE_HEIGHT
    return top + 4


def _draw_stream(axes: "Axes", above: float, below: float, start: float, end: float) -> None:
    axes.fill(
        [start, end, end, start],
        [above, above, below, below],
        color=COLORS["on"],
        alpha=0.28,
        linewidth=0,
        zorder=1,
    )


def _draw_segment(
    axes: "Axes", row: ReportData, part: str, x: float, top: float, wide: float
) -> float:
    from matplotlib.patches import Rectangle

    if row[part]:
        shown = max(wide - 1.0, 1.0)
        bar = Rectangle(
            (x, top),
            shown,
            _BAR_HEIGHT,
            facecolor=COLORS[part],
            linewidth=0,
            zorder=3,
            gid=f"{part}-{row['round']}",
        )
        if part == "unknown":
            bar.set(hatch="///", edgecolor=COLORS["muted"])
        axes.add_patch(bar)
        text = f"{row[part]:,}"
        if wide > 8 * len(text) + 6:
            axes.text(
                x + shown / 2,
                top + _BAR_HEIGHT / 2,
                text,
                ha="center",
                va="center",
                fontsize=12,
                weight="bold",
                zorder=4,
                color=COLORS["ink"] if part in ("on", "unknown") else COLORS["card"],
            )
    return x + wide


def _legend_lines(row: ReportData, width: int) -> list[list[_LegendEntry]]:
    """Return the entries of the legend, in as many lines as the width needs."""
    lines: list[list[_LegendEntry]] = [[]]
    names, gap = _OUTCOMES, 18
    if width <= 500:
        names, gap = _NARROW_OUTCOMES, 10
    x = 1.0
    for part in _OUTCOMES:
        if not row[part]:
            continue
        text = f"{row[part]:,} {names[part]} ({row[part] / row['got']:.0%})"
        wide = 12 + 6.0 * len(text)
        if lines[-1] and x + wide > width:
            lines.append([])
            x = 1.0
        lines[-1].append((x, part, text))
        x += wide + gap
    return lines


def _draw_legend(axes: "Axes", lines: list[list[_LegendEntry]], baseline: float) -> None:
    """Draw the entries of the legend below the bar, each with its color."""
    for number, line in enumerate(lines):
        y = baseline + number * _LINE_HEIGHT
        for x, part, text in line:
            axes.plot(
                [x + 4],
                [y - 4],
                "s",
                color=COLORS[part],
                markersize=7,
                markeredgewidth=0,
                zorder=4,
            )
            axes.text(x + 12, y, text, fontsize=11, color=COLORS["muted"], va="baseline", zorder=4)


def flow_tooltips(system: ReportData) -> dict[str, str]:
    """Return the tooltip of each segment, by its id."""
    tooltips: dict[str, str] = {}
    for row in system["flow"]:
        for part, outcome in _OUTCOMES.items():
            if row[part]:
                text = f"Round {row['round']}: {row[part]:,} of {row['got']:,} {outcome}"
                tooltips[f"{part}-{row['round']}"] = text
    return tooltips


def flow_caption(system: ReportData) -> str:
    """Return the flow as a sentence, for screen readers."""
    lines = [
        f"round {row['round']} gets {row['got']}: {row['right']} answered rightly, "
        f"{row['wrong']} wrongly, {row['on']} escalated"
        for row in system["flow"]
    ]
    return f"Flow of the questions through {system['name']}: {'; '.join(lines)}."
