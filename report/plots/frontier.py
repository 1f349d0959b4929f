"""The frontier: accuracy against cost, a dot with its interval for each system, and a line through those that none beats."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..figures import Figures
from .labels import SIZE, Box, Dot, Label, labels_of
from .theme import COLOURS, axes_at, panel, plain

Place = tuple[float, float]
"""Cost and accuracy."""


class _Plan(NamedTuple):
    """Where everything stands: `across` and `up` are the axes' limits, `box` is the axes' in pixels from below."""

    systems: list[tuple[int, Figures]]
    best: list[Place]
    swept: list[Place]
    across: tuple[float, float]
    up: tuple[float, float]
    width: int
    height: int
    box: Box

    def pixel(self, place: Place) -> Place:
        (left, right), (low, high), box = self.across, self.up, self.box
        x = box[0] + (box[2] - box[0]) * (place[0] - left) / (right - left)
        return x, box[1] + (box[3] - box[1]) * (place[1] - low) / (high - low)


def frontier(figures: Figures, measure: str, width: int) -> Any:
    """Draw it for one measure.

    Args:
        figures: those of the report.
        measure: its name.
        width: pixels.
    """
    plan = _plan(figures, measure, width)
    figure = panel(width, plan.height)
    left, bottom, right, top = plan.box
    axes = axes_at(figure, left, plan.height - top, right - left, top - bottom)
    plain(axes)
    _line(axes, plan.best, "frontier", COLOURS["muted"], 1.3, 0)
    _line(axes, plan.swept, "swept", COLOURS["swept"], 1.5, 4.5)
    for number, system in plan.systems:
        _system(axes, number, system, system["use"][measure])
    axes.set_xlim(*plan.across)
    axes.set_ylim(*plan.up)
    axes.xaxis.set_major_locator(_ticks(5 if width > 500 else 4))
    axes.yaxis.set_major_locator(_ticks(7))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value < 1.001 else "")
    axes.set_xlabel(
        "\n".join(_words(figures, measure, width)), color=COLOURS["muted"], fontsize=12, labelpad=8
    )
    axes.set_title(
        "accuracy, with its 95% interval",
        color=COLOURS["muted"],
        fontsize=12,
        loc="left",
        x=0,
        pad=10,
    )
    for label in _labels(plan, measure):
        x, y = label.box[0], (label.box[1] + label.box[3]) / 2
        axes.annotate(
            label.text,
            (x, y),
            xycoords="figure points",
            va="center",
            ha="left",
            fontsize=SIZE,
            color=COLOURS["ink"],
            zorder=5,
            weight="bold" if label.dot.strong else "normal",
            gid=f"label-{label.dot.number}",
        )
    return figure


def unnamed(figures: Figures, measure: str, width: int) -> list[str]:
    """The systems that the picture shows by number alone, as a key: `3 self-plan`."""
    labels = _labels(_plan(figures, measure, width), measure)
    numbers = sorted(label.dot.number for label in labels if not label.named)
    names = {system["number"]: system["name"] for system in figures["systems"]}
    return [f"{number} {names[number]}" for number in numbers]


def shown(system: Figures, measure: str) -> bool:
    return system["use"][measure] is not None and system["accuracy"] is not None


def undominated(places: Iterable[Place]) -> list[Place]:
    """Those that no other beats in both, by rising cost.

    >>> undominated([(0.0, 0.5), (2.0, 0.7), (1.0, 0.8), (1.0, 0.6)])
    [(0.0, 0.5), (1.0, 0.8)]
    """
    found: list[Place] = []
    for cost, accuracy in sorted(set(places), key=lambda place: (place[0], -place[1])):
        if not found or accuracy > found[-1][1]:
            found.append((cost, accuracy))
    return found


def best_systems(figures: Figures, measure: str) -> list[str]:
    """The systems on the frontier, by rising cost: none of the others is as accurate for less."""
    places = {
        s["name"]: (s["use"][measure], s["accuracy"])
        for s in figures["systems"]
        if shown(s, measure)
    }
    best = undominated(places.values())
    return [name for place in best for name, own in places.items() if own == place]


def swept_places(figures: Figures, measure: str) -> list[Place]:
    """The thresholds of which none is as accurate for less."""
    settings = figures["swept"]["settings"]
    return undominated(
        (s["use"][measure], s["accuracy"]) for s in settings if s["use"][measure] is not None
    )


def _plan(figures: Figures, measure: str, width: int) -> _Plan:
    height, left = (400, 52) if width > 500 else (320, 44)
    systems = [(n, s) for n, s in enumerate(figures["systems"]) if shown(s, measure)]
    swept = swept_places(figures, measure)
    best = undominated((s["use"][measure], s["accuracy"]) for _, s in systems)
    most = max([s["use"][measure] for _, s in systems] + [x for x, _ in swept], default=1.0) or 1.0
    bounds = [b for _, s in systems for b in s["interval"]] + [y for _, y in swept] or [0.0, 1.0]
    up = max(-0.03, min(bounds) - 0.03), min(1.02, max(bounds) + 0.03)
    below = 15 * (
        len(_words(figures, measure, width)) - 1
    )  # what the axis' words take more than a line
    height, bottom = height + below, 50.0 + below
    return _Plan(
        systems,
        best,
        swept,
        (-0.04 * most, 1.12 * most),
        up,
        width,
        height,
        (left, bottom, width - 16.0, height - 30.0),
    )


def _words(figures: Figures, measure: str, width: int) -> list[str]:
    """What the cost is, in lines that the width holds."""
    words = next(m["words"] for m in figures["measures"] if m["name"] == measure)
    return textwrap.wrap(words, int((width - 44) / 6.2))


def _labels(plan: _Plan, measure: str) -> list[Label]:
    dots = []
    for place, system in plan.systems:
        cost, (low, high) = system["use"][measure], system["interval"]
        x, y = plan.pixel((cost, system["accuracy"]))
        low, high = plan.pixel((cost, low))[1], plan.pixel((cost, high))[1]
        more = f"{system['accuracy']:.1%}" if plan.width > 500 else ""
        dots.append(Dot(system["number"], system["name"], x, y, low, high, place == 0, more))
    lines = [[plan.pixel(place) for place in line] for line in (plan.best, plan.swept)]
    left, bottom, _, top = plan.box
    return labels_of(dots, lines, (left, bottom, plan.width - 4, top))


def _line(
    axes: Any, places: Sequence[Place], name: str, colour: str, wide: float, dots: float
) -> None:
    if len(places) > 1:
        xs, ys = zip(*places, strict=True)
        axes.plot(xs, ys, color=colour, linewidth=wide, zorder=2, gid=f"{name}-line")
        if dots:
            axes.plot(
                xs,
                ys,
                "o",
                color=colour,
                markersize=dots,
                markeredgewidth=0,
                zorder=2,
                gid=f"{name}-dots",
            )


def _system(axes: Any, number: int, system: Figures, cost: float) -> None:
    """The source's first system is strong, and what it only replays is hollow."""
    colour = COLOURS["beside"] if number else COLOURS["accent"]
    low, high = system["interval"]
    axes.plot(
        [cost, cost],
        [low, high],
        color=colour,
        linewidth=2,
        alpha=0.55,
        solid_capstyle="round",
        zorder=3,
    )
    axes.plot(
        [cost],
        [system["accuracy"]],
        "o",
        color=COLOURS["card"],
        markersize=13,
        markeredgewidth=0,
        zorder=4,
    )
    axes.plot(
        [cost],
        [system["accuracy"]],
        "o",
        color=colour if system["own"] else COLOURS["card"],
        markersize=9,
        markeredgecolor=colour,
        markeredgewidth=1.6,
        zorder=5 if number == 0 else 4,
        gid=f"system-{number}",
    )


def _ticks(count: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(count, steps=[1, 2, 5, 10])
