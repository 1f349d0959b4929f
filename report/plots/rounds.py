"""The reliability of each round's vote, and the model time of the rounds."""

import math
from typing import TYPE_CHECKING

from ...programs.confidence.gate import GateText, PassOrFail
from ..figures import ReportData
from .theme import COLORS, axes_at, new_figure, pixel_axes, strip_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_HEIGHT = 250


def plot_reliability(system: ReportData, width: int) -> "Figure":
    """Plot confidence against accuracy, with a panel for each round that votes.

    A calibrated vote is on the diagonal. For a round that is decided by tests, the panel shows the
    accuracy of programs that fail the shown tests and of programs that pass them.

    Args:
        system: the data of a system with at least one such round.
        width: in pixels.
    """
    rows = system["reliability"]
    across = 1
    if width > 500 and len(rows) > 1:
        across = 2
    wide = min(width / across, 350)
    figure = new_figure(width, _PANEL_HEIGHT * math.ceil(len(rows) / across))
    for place, row in enumerate(rows):
        line, column = divmod(place, across)
        axes = axes_at(
            figure,
            column * width / across + 62,
            line * _PANEL_HEIGHT + 30,
            wide - 80,
            _PANEL_HEIGHT - 82,
        )
        _draw_reliability(axes, row, system)
    return figure


def _draw_reliability(axes: "Axes", row: ReportData, system: ReportData) -> None:
    strip_axes(axes)
    number = row["round"]
    axes.set_title(
        f"Round {number}", fontsize=12, color=COLORS["ink"], loc="left", weight="bold", pad=10
    )
    gate = system["gates"][row["gate"]]
    pass_or_fail = gate["pass_or_fail"] is not None
    if not pass_or_fail:
        axes.plot(
            [0, 1],
            [0, 1],
            color=COLORS["muted"],
            linewidth=1,
            dashes=(3, 3),
            zorder=2,
            gid=f"diagonal-{number}",
        )
        threshold = next(r["threshold"] for r in system["rounds"] if r["round"] == number)
        if threshold is not None:
            _draw_threshold(axes, threshold)
    _draw_levels(axes, row)
    axes.set_xlim(-0.05, 1.05)
    axes.set_ylim(-0.05, 1.05)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks)
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    if pass_or_fail:
        axes.set_xlim(-0.5, 1.5)
        axes.xaxis.set_ticks([0, 1], ["no", "yes"])
    axes.set_xlabel(gate["label"], fontsize=11, color=COLORS["muted"], labelpad=6)
    axes.set_ylabel("accuracy", fontsize=11, color=COLORS["muted"], labelpad=4)


def _draw_threshold(axes: "Axes", threshold: float) -> None:
    axes.axvline(threshold, color=COLORS["accent"], linewidth=1.2, dashes=(5, 3), zorder=2)
    side, x = "left", threshold + 0.02
    if threshold > 0.5:
        side, x = "right", threshold - 0.02
    axes.text(
        x,
        1.03,
        f"{threshold:.0%} needed",
        ha=side,
        va="bottom",
        fontsize=10.5,
        color=COLORS["accent"],
    )


def _draw_levels(axes: "Axes", row: ReportData) -> None:
    """Draw a dot with its interval for each level of confidence."""
    number = row["round"]
    most = max(level["questions"] for level in row["levels"])
    for place, level in enumerate(row["levels"]):
        x, y = level["confidence"], level["right"] / level["questions"]
        color = COLORS["accent"]
        if level["accepted"] is False:
            color = COLORS["other"]
        axes.plot([x, x], level["interval"], color=color, linewidth=1.6, alpha=0.6, zorder=3)
        size = 5 + 11 * math.sqrt(level["questions"] / most)
        axes.plot(
            [x],
            [y],
            "o",
            color=color,
            markersize=size,
            markeredgecolor=COLORS["card"],
            markeredgewidth=1.2,
            zorder=4,
            gid=f"level-{number}-{place}",
        )


def reliability_tooltips(system: ReportData) -> dict[str, str]:
    """Return the tooltip of each level, by its id."""
    decisions = {True: ", accepted", False: ", escalated", None: ""}
    tooltips: dict[str, str] = {}
    for row in system["reliability"]:
        for number, level in enumerate(row["levels"]):
            right, questions = level["right"], level["questions"]
            tooltips[f"level-{row['round']}-{number}"] = (
                f"{_level_text(system, row, level['confidence'])}: "
                f"{right:,} of {questions:,} questions right ({right / questions:.0%})"
                f"{decisions[level['accepted']]}"
            )
    return tooltips


def reliability_caption(system: ReportData) -> str:
    """Return the calibration errors as a sentence, for screen readers."""
    lines = [
        f"round {row['round']}: {row['error']:.3f} over {row['questions']} questions"
        for row in system["reliability"]
    ]
    what = system["trust"]["label"].capitalize()
    return f"{what} against accuracy of {system['name']}; calibration error in {'; '.join(lines)}."


def _level_text(system: ReportData, row: ReportData, confidence: float) -> str:
    gate = dict(system["gates"][row["gate"]])
    if gate["pass_or_fail"]:
        gate["pass_or_fail"] = PassOrFail(**gate["pass_or_fail"])
    return GateText(**gate).level(confidence)


def plot_model_time(figures: ReportData, width: int) -> "Figure":
    """Plot the model time of a question in seconds: a bar for each system, stacked by round.

    Args:
        figures: the data of the report.
        width: in pixels.
    """
    systems = figures["systems"]
    figure = new_figure(width, 46 * len(systems) + 26)
    axes = pixel_axes(figure)
    most = max((system["use"]["seconds"] or 0.0 for system in systems), default=0.0) or 1.0
    for place, system in enumerate(systems):
        top, total, text = 46.0 * place + 6, system["use"]["seconds"], "unknown"
        if total is not None:
            text = format_seconds(total)
            _draw_time_bar(axes, system, place, top + 16, (width - 2) / most)
        axes.text(1, top + 10, system["name"], fontsize=12, color=COLORS["ink"], va="baseline")
        axes.text(
            width - 2,
            top + 10,
            text,
            fontsize=12,
            color=COLORS["muted"],
            va="baseline",
            ha="right",
        )
    _draw_legend(axes, max(len(system["rounds"]) for system in systems), 46.0 * len(systems) + 16)
    return figure


def _draw_time_bar(axes: "Axes", system: ReportData, place: int, top: float, scale: float) -> None:
    from matplotlib.patches import Rectangle

    x = 1.0
    for number, seconds in enumerate(system["seconds_by_round"], 1):
        wide = scale * (seconds or 0.0) / max(system["n"], 1)
        if wide > 0:
            color = COLORS[f"round-{min(number, 4)}"]
            bar = Rectangle(
                (x, top),
                max(wide - 1, 0.6),
                16,
                facecolor=color,
                linewidth=0,
                gid=f"time-{place}-{number}",
            )
            axes.add_patch(bar)
        x += wide


def _draw_legend(axes: "Axes", rounds: int, baseline: float) -> None:
    for number in range(1, min(rounds, 4) + 1):
        x = 1 + 76.0 * (number - 1)
        axes.plot(
            [x + 4],
            [baseline - 4],
            "s",
            color=COLORS[f"round-{number}"],
            markersize=7,
            markeredgewidth=0,
        )
        axes.text(
            x + 12, baseline, f"round {number}", fontsize=11, color=COLORS["muted"], va="baseline"
        )


def time_tooltips(figures: ReportData) -> dict[str, str]:
    """Return the tooltip of each part of a bar, by its id."""
    tooltips: dict[str, str] = {}
    for index, system in enumerate(figures["systems"]):
        for number, seconds in enumerate(system["seconds_by_round"], 1):
            if seconds:
                mean = format_seconds(seconds / max(system["n"], 1))
                text = f"{system['name']}, round {number}: {mean} a question"
                tooltips[f"time-{index}-{number}"] = text
    return tooltips


def format_seconds(seconds: float) -> str:
    """Return seconds as text with two or three digits.

    >>> format_seconds(0.01234), format_seconds(12.34)
    ('0.012 s', '12.3 s')
    """
    if seconds < 1:
        return f"{seconds:.2g} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds:,.0f} s"
