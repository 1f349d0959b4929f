"""The frontier plot: accuracy against cost, with a line through the undominated systems.

Each system is a dot with its confidence interval.
"""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...eval.comparison.envelope import concave_front
from ..figures import ReportData
from .labels import FONT_SIZE, Box, Dot, Label, place_labels
from .theme import COLORS, axes_at, new_figure, strip_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

Point = tuple[float, float]
"""Cost and accuracy."""


class _Style(NamedTuple):
    """Sizes that depend on the width; `left` and `height` are in pixels."""

    height: int
    left: int
    cost_ticks: int
    shows_accuracy: bool


_WIDE = _Style(height=400, left=52, cost_ticks=5, shows_accuracy=True)
_NARROW = _Style(height=320, left=44, cost_ticks=4, shows_accuracy=False)


class _Layout(NamedTuple):
    """The systems and lines of the plot with their positions.

    `box` is the box of the axes in pixels, from the lower left corner.
    """

    systems: list[tuple[int, ReportData]]
    front: list[Point]
    envelope: list[Point]
    sweep: list[Point]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    width: int
    height: int
    box: Box

    def pixel(self, point: Point) -> Point:
        """Return the position of a point in pixels."""
        (left, right), (low, high), box = self.x_limits, self.y_limits, self.box
        x = box[0] + (box[2] - box[0]) * (point[0] - left) / (right - left)
        return x, box[1] + (box[3] - box[1]) * (point[1] - low) / (high - low)


def plot_frontier(figures: ReportData, measure: str, width: int) -> "Figure":
    """Draw the frontier plot for one cost measure.

    Args:
        figures: the data of the report.
        measure: the name of the measure.
        width: in pixels.
    """
    plan = _layout(figures, measure, width)
    figure = new_figure(width, plan.height)
    left, bottom, right, top = plan.box
    axes = axes_at(figure, left, plan.height - top, right - left, top - bottom)
    strip_axes(axes)
    _draw_line(axes, plan.front, "frontier", COLORS["muted"], 1.3, 0)
    if len(plan.envelope) > 1:
        costs, accuracies = zip(*plan.envelope, strict=True)
        style = {"linestyle": ":", "linewidth": 1.3, "color": COLORS["muted"], "zorder": 1}
        axes.plot(costs, accuracies, gid="envelope-line", **style)
    _draw_line(axes, plan.sweep, "swept", COLORS["swept"], 1.5, 4.5)
    for number, system in plan.systems:
        _draw_system(axes, number, system, system["use"][measure])
    axes.set_xlim(*plan.x_limits)
    axes.set_ylim(*plan.y_limits)
    axes.xaxis.set_major_locator(_tick_locator(_style(width).cost_ticks))
    axes.yaxis.set_major_locator(_tick_locator(7))
    axes.yaxis.set_major_formatter(_percent_tick)
    axes.set_xlabel(
        "\n".join(_axis_label_lines(figures, measure, width)),
        color=COLORS["muted"],
        fontsize=12,
        labelpad=8,
    )
    axes.set_title(
        "accuracy, with its 95% interval",
        color=COLORS["muted"],
        fontsize=12,
        loc="left",
        x=0,
        pad=10,
    )
    for label in _place_labels(plan, measure):
        x, y = label.box[0], (label.box[1] + label.box[3]) / 2
        axes.annotate(
            label.text,
            (x, y),
            xycoords="figure points",
            va="center",
            ha="left",
            fontsize=FONT_SIZE,
            color=COLORS["ink"],
            zorder=5,
            weight="bold" if label.dot.bold else "normal",
            gid=f"label-{label.dot.number}",
        )
    return figure


def numbered_systems(figures: ReportData, measure: str, width: int) -> list[str]:
    """Return number and name of the systems that are labeled by number only: `3 self-plan`."""
    labels = _place_labels(_layout(figures, measure, width), measure)
    names = {system["number"]: system["name"] for system in figures["systems"]}
    numbered: list[str] = []
    for number in sorted(label.dot.number for label in labels if not label.shows_name):
        numbered.append(f"{number} {names[number]}")
    return numbered


def is_plotted(system: ReportData, measure: str) -> bool:
    """Return whether both the cost and the accuracy of a system are known."""
    return system["use"][measure] is not None and system["accuracy"] is not None


def pareto_front(points: Iterable[Point]) -> list[Point]:
    """Return the points that no other point beats in cost and accuracy, by increasing cost.

    >>> pareto_front([(0.0, 0.5), (2.0, 0.7), (1.0, 0.8), (1.0, 0.6)])
    [(0.0, 0.5), (1.0, 0.8)]
    """
    front: list[Point] = []
    for cost, accuracy in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not front or accuracy > front[-1][1]:
            front.append((cost, accuracy))
    return front


def frontier_systems(figures: ReportData, measure: str) -> list[str]:
    """Return the names of the systems on the frontier, by increasing cost."""
    names: dict[Point, list[str]] = {}
    for system in figures["systems"]:
        if is_plotted(system, measure):
            point = system["use"][measure], system["accuracy"]
            names.setdefault(point, []).append(system["name"])
    on_front: list[str] = []
    for point in pareto_front(names):
        on_front += names[point]
    return on_front


def sweep_front(figures: ReportData, measure: str) -> list[Point]:
    """Return the undominated points of the sweep over thresholds."""
    points: list[Point] = []
    for setting in figures["swept"]["settings"]:
        if setting["use"][measure] is not None:
            points.append((setting["use"][measure], setting["accuracy"]))
    return pareto_front(points)


def _style(width: int) -> _Style:
    if width > 500:
        return _WIDE
    return _NARROW


def _percent_tick(value: float, _position: float) -> str:
    """Return the label of a tick on the accuracy axis; none above 100%."""
    if value >= 1.001:
        return ""
    return f"{value:.0%}"


def _layout(figures: ReportData, measure: str, width: int) -> _Layout:
    systems: list[tuple[int, ReportData]] = []
    points: list[Point] = []
    costs: list[float] = []
    bounds: list[float] = []
    for number, system in enumerate(figures["systems"]):
        if is_plotted(system, measure):
            cost = system["use"][measure]
            systems.append((number, system))
            points.append((cost, system["accuracy"]))
            costs.append(cost)
            bounds += system["interval"]
    sweep = sweep_front(figures, measure)
    for cost, accuracy in sweep:
        costs.append(cost)
        bounds.append(accuracy)
    lowest, highest = min(bounds, default=0.0), max(bounds, default=1.0)
    highest_cost = max(costs, default=1.0) or 1.0
    # The height of the lines of the axis label after the first.
    below = 15 * (len(_axis_label_lines(figures, measure, width)) - 1)
    style = _style(width)
    height, bottom = style.height + below, 50.0 + below
    return _Layout(
        systems=systems,
        front=pareto_front(points),
        envelope=concave_front(points),
        sweep=sweep,
        x_limits=(-0.04 * highest_cost, 1.12 * highest_cost),
        y_limits=(max(-0.03, lowest - 0.03), min(1.02, highest + 0.03)),
        width=width,
        height=height,
        box=(style.left, bottom, width - 16.0, height - 30.0),
    )


def _axis_label_lines(figures: ReportData, measure: str, width: int) -> list[str]:
    """Return the label of the cost axis, wrapped to the width."""
    label = next(m["words"] for m in figures["measures"] if m["name"] == measure)
    return textwrap.wrap(label, int((width - 44) / 6.2))


def _place_labels(plan: _Layout, measure: str) -> list[Label]:
    dots = []
    for place, system in plan.systems:
        cost, (low, high) = system["use"][measure], system["interval"]
        x, y = plan.pixel((cost, system["accuracy"]))
        low, high = plan.pixel((cost, low))[1], plan.pixel((cost, high))[1]
        extra = ""
        if _style(plan.width).shows_accuracy:
            extra = f"{system['accuracy']:.1%}"
        dots.append(Dot(system["number"], system["name"], x, y, low, high, place == 0, extra))
    lines: list[list[Point]] = []
    for line in (plan.front, plan.sweep):
        lines.append([plan.pixel(point) for point in line])
    left, bottom, _, top = plan.box
    return place_labels(dots, lines, (left, bottom, plan.width - 4, top))


def _draw_line(
    axes: "Axes", places: Sequence[Point], name: str, color: str, wide: float, dots: float
) -> None:
    if len(places) > 1:
        xs, ys = zip(*places, strict=True)
        axes.plot(xs, ys, color=color, linewidth=wide, zorder=2, gid=f"{name}-line")
        if dots:
            axes.plot(
                xs,
                ys,
                "o",
                color=color,
                markersize=dots,
                markeredgewidth=0,
                zorder=2,
                gid=f"{name}-dots",
            )


def _draw_system(axes: "Axes", number: int, system: ReportData, cost: float) -> None:
    """Draw the dot of a system: in the accent color if it is the first, hollow if not recorded."""
    color, zorder = COLORS["accent"], 5
    if number > 0:
        color, zorder = COLORS["other"], 4
    fill = color if system["own"] else COLORS["card"]
    low, high = system["interval"]
    axes.plot(
        [cost, cost],
        [low, high],
        color=color,
        linewidth=2,
        alpha=0.55,
        solid_capstyle="round",
        zorder=3,
    )
    axes.plot(
        [cost],
        [system["accuracy"]],
        "o",
        color=COLORS["card"],
        markersize=13,
        markeredgewidth=0,
        zorder=4,
    )
    axes.plot(
        [cost],
        [system["accuracy"]],
        "o",
        color=fill,
        markersize=9,
        markeredgecolor=color,
        markeredgewidth=1.6,
        zorder=zorder,
        gid=f"system-{number}",
    )


def _tick_locator(count: int) -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(count, steps=[1, 2, 5, 10])
