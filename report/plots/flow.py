"""The flow of the questions: of those that a round gets, how many it answers rightly, wrongly, or hands on."""

import textwrap
from typing import Any

from ..figures import Figures
from .theme import COLOURS, panel, sheet

_PARTS = {
    "right": "answered rightly",
    "wrong": "answered wrongly",
    "unknown": "unknown",
    "on": "go on",
}
_SHORT = {"right": "right", "wrong": "wrong", "unknown": "unknown", "on": "go on"}
_BAR, _LINE, _GAP = 30, 17, 26


def flow_picture(system: Figures, width: int) -> Any:
    """Draw the rounds from top to bottom; what goes on falls straight down into the next round's bar.

    Args:
        system: a system's figures.
        width: pixels.
    """
    rounds = [row for row in system["flow"] if row["got"]] or system["flow"][:1]
    heads = [textwrap.wrap(_head(row), int(width / 6.6)) for row in rounds]
    counts = [_rows(row, width) for row in rounds]
    tall = sum(len(head) * _LINE + 4 + _BAR + 4 for head in heads) + _GAP * (len(rounds) - 1) + 8
    tall += sum(len(rows) * _LINE for rows in counts)
    figure = panel(width, tall)
    axes = sheet(figure)
    whole, inner = max(rounds[0]["got"], 1), width - 2.0
    top = before = 4.0
    for place, (row, head, rows) in enumerate(zip(rounds, heads, counts, strict=True)):
        start = 1 + inner * (1 - row["got"] / whole)
        top = _words(axes, head, top, row["round"])
        if place:
            _stream(axes, before, top, start, width - 1)
        x = start
        for part in _PARTS:
            x = _part(axes, row, part, x, top, inner * row[part] / whole)
        before = top + _BAR
        _counts(axes, rows, top + _BAR + _LINE - 4)
        top += _BAR + len(rows) * _LINE + 4 + _GAP
    return figure


def _head(row: Figures) -> str:
    return (
        f"Round {row['round']}: {row['words']}  ({row['got']:,} question{'s' * (row['got'] != 1)})"
    )


def _words(axes: Any, lines: list[str], top: float, number: int) -> float:
    for line in lines:
        axes.text(
            1, top + _LINE - 5, line, fontsize=12, color=COLOURS["ink"], va="baseline", zorder=4
        )
        top += _LINE
    return top + 4


def _stream(axes: Any, above: float, below: float, start: float, end: float) -> None:
    axes.fill(
        [start, end, end, start],
        [above, above, below, below],
        color=COLOURS["on"],
        alpha=0.28,
        linewidth=0,
        zorder=1,
    )


def _part(axes: Any, row: Figures, part: str, x: float, top: float, wide: float) -> float:
    from matplotlib.patches import Rectangle

    if row[part]:
        shown = max(wide - 1.0, 1.0)
        hatch: dict[str, Any] = (
            {"hatch": "///", "edgecolor": COLOURS["muted"]} if part == "unknown" else {}
        )
        axes.add_patch(
            Rectangle(
                (x, top),
                shown,
                _BAR,
                facecolor=COLOURS[part],
                linewidth=0,
                zorder=3,
                gid=f"{part}-{row['round']}",
                **hatch,
            )
        )
        text = f"{row[part]:,}"
        if wide > 8 * len(text) + 6:
            axes.text(
                x + shown / 2,
                top + _BAR / 2,
                text,
                ha="center",
                va="center",
                fontsize=12,
                weight="bold",
                zorder=4,
                color=COLOURS["ink"] if part in ("on", "unknown") else COLOURS["card"],
            )
    return x + wide


def _rows(row: Figures, width: int) -> list[list[tuple[float, str, str]]]:
    """The parts in words, in as many lines as the width needs: where each begins, the part, and its text."""
    lines: list[list[tuple[float, str, str]]] = [[]]
    x, names = 1.0, _PARTS if width > 500 else _SHORT
    for part in _PARTS:
        if not row[part]:
            continue
        text = f"{row[part]:,} {names[part]} ({row[part] / row['got']:.0%})"
        wide = 12 + 6.0 * len(text)
        if lines[-1] and x + wide > width:
            lines.append([])
            x = 1.0
        lines[-1].append((x, part, text))
        x += wide + (10 if width <= 500 else 18)
    return lines


def _counts(axes: Any, rows: list[list[tuple[float, str, str]]], baseline: float) -> None:
    """The parts in words under the bar, each behind its colour."""
    for number, line in enumerate(rows):
        y = baseline + number * _LINE
        for x, part, text in line:
            axes.plot(
                [x + 4],
                [y - 4],
                "s",
                color=COLOURS[part],
                markersize=7,
                markeredgewidth=0,
                zorder=4,
            )
            axes.text(x + 12, y, text, fontsize=11, color=COLOURS["muted"], va="baseline", zorder=4)


def flow_tips(system: Figures) -> dict[str, str]:
    """What is told of each part under the pointer."""
    return {
        f"{part}-{row['round']}": f"Round {row['round']}: {row[part]:,} of {row['got']:,} {words}"
        for row in system["flow"]
        for part, words in _PARTS.items()
        if row[part]
    }


def flow_words(system: Figures) -> str:
    """The flow for those who do not see it."""
    lines = [
        f"round {row['round']} gets {row['got']}: {row['right']} answered rightly, {row['wrong']} wrongly, {row['on']} go on"
        for row in system["flow"]
    ]
    return f"Flow of the questions through {system['name']}: {'; '.join(lines)}."
