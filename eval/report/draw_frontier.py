"""The frontier: accuracy against cost, a dot with its interval for each system, the swept thresholds behind."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from .figures import Figures
from .theme import COLOURS, axes_at, panel, plain

_LABEL = 12  # pixels of a label's text


def frontier(figures: Figures, measure: str, width: int) -> Any:
    """Draw it for one measure.

    Args:
        figures: those of the report.
        measure: its name.
        width: pixels.
    """
    words = next(m["words"] for m in figures["measures"] if m["name"] == measure)
    height, left = (400, 52) if width > 500 else (320, 44)
    figure = panel(width, height)
    axes = axes_at(figure, left, 30, width - left - 16, height - 80)
    plain(axes)
    systems = [(n, s) for n, s in enumerate(figures["systems"]) if shown(s, measure)]
    swept = swept_points(figures, measure)
    _swept(axes, swept)
    for number, system in systems:
        _system(axes, number, system, system["use"][measure])
    xs = [system["use"][measure] for _, system in systems] + [x for x, _ in swept]
    bounds = [b for _, s in systems for b in s["interval"]] + [y for _, y in swept]
    top = max(xs, default=1.0) or 1.0
    low, high = (min(bounds), max(bounds)) if bounds else (0.0, 1.0)
    axes.set_xlim(-0.04 * top, 1.12 * top)
    axes.set_ylim(max(-0.03, low - 0.03), min(1.02, high + 0.03))
    axes.xaxis.set_major_locator(_ticks(5 if width > 500 else 4))
    axes.yaxis.set_major_locator(_ticks(7))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value < 1.001 else "")
    axes.set_xlabel(words, color=COLOURS["muted"], fontsize=12, labelpad=8)
    axes.set_title("accuracy, with its 95% interval", color=COLOURS["muted"], fontsize=12, loc="left", x=0, pad=10)
    _labels(axes, systems, measure, swept, percent=width > 500)
    return figure


def shown(system: Figures, measure: str) -> bool:
    return system["use"][measure] is not None and system["accuracy"] is not None


def swept_points(figures: Figures, measure: str) -> list[tuple[float, float]]:
    """Cost and accuracy of the settings that no other beats in both, by rising cost."""
    places = sorted(
        {(s["use"][measure], s["accuracy"]) for s in figures["swept"]["settings"] if s["use"][measure] is not None},
        key=lambda place: (place[0], -place[1]),
    )
    best, found = -1.0, []
    for cost, accuracy in places:
        if accuracy > best:
            best = accuracy
            found.append((cost, accuracy))
    return found


def _swept(axes: Any, places: Sequence[tuple[float, float]]) -> None:
    if len(places) > 1:
        xs, ys = zip(*places, strict=True)
        axes.plot(xs, ys, color=COLOURS["swept"], linewidth=1.5, zorder=2, gid="swept-line")
        axes.plot(xs, ys, "o", color=COLOURS["swept"], markersize=4.5, markeredgewidth=0, zorder=2, gid="swept-dots")


def _system(axes: Any, number: int, system: Figures, cost: float) -> None:
    colour = COLOURS["accent"] if system["own"] else COLOURS["beside"]
    low, high = system["interval"]
    axes.plot([cost, cost], [low, high], color=colour, linewidth=2, alpha=0.55, solid_capstyle="round", zorder=3)
    axes.plot(
        [cost], [system["accuracy"]], "o", color=colour, markersize=11, markeredgecolor=COLOURS["card"], markeredgewidth=2,
        zorder=4, gid=f"system-{number}",
    )  # fmt: skip


def _ticks(count: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(count, steps=[1, 2, 5, 10])


def _labels(
    axes: Any, systems: Sequence[tuple[int, Figures]], measure: str, swept: Sequence[tuple[float, float]], percent: bool
) -> None:
    """Names beside their dots, where they cover neither each other nor a dot nor an interval."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    box = axes.get_position()
    width, height = (72 * inches for inches in axes.figure.get_size_inches())

    def pixel(x: float, y: float) -> tuple[float, float]:
        return (
            (box.x0 + box.width * (x - left) / (right - left)) * width,
            (box.y0 + box.height * (y - bottom) / (top - bottom)) * height,
        )

    taken = []
    for _, system in systems:
        x, y = pixel(system["use"][measure], system["accuracy"])
        low, high = (pixel(0, bound)[1] for bound in system["interval"])
        taken += [(x - 8, y - 8, x + 8, y + 8), (x - 2, low, x + 2, high)]
    path = [pixel(*place) for place in swept]
    dots = [(px - 3, py - 3, px + 3, py + 3) for px, py in _along(path)]
    for _, system in sorted(systems, key=lambda pair: -pair[1]["accuracy"]):
        text = f"{system['name']}  {system['accuracy']:.1%}" if percent else system["name"]
        spot = pixel(system["use"][measure], system["accuracy"])
        rooms = list(_rooms(*spot, 0.62 * _LABEL * len(text)))
        edge = width - 4

        def cost(room: tuple[float, ...], edge: float = edge) -> float:
            outside = max(0.0, room[2] - edge) + max(0.0, 2 - room[0])
            return 50 * outside + sum(_overlap(room, other) for other in taken) + sum(_overlap(room, d) for d in dots)

        room = min(rooms, key=cost)
        taken.append(room)
        axes.annotate(
            text, ((room[0]) / width, (room[1] + room[3]) / 2 / height), xycoords="figure fraction", va="center", ha="left",
            fontsize=_LABEL, color=COLOURS["ink"], zorder=5, weight="bold" if system["own"] else "normal",
        )  # fmt: skip


def _along(path: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points every few pixels of a line."""
    for (x, y), (to_x, to_y) in pairwise(path):
        steps = int(max(abs(to_x - x), abs(to_y - y)) / 6) + 1
        yield from ((x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(steps + 1))


def _rooms(x: float, y: float, wide: float) -> Iterator[tuple[float, float, float, float]]:
    """Boxes for a label around a dot, the better ones first."""
    tall = _LABEL + 4
    for dx, dy in ((14, 0), (-14 - wide, 0), (12, 17), (12, -17), (-12 - wide, 17), (-12 - wide, -17), (14, 34), (14, -34),
                   (-14 - wide, 34), (-14 - wide, -34), (14, 51), (14, -51), (-14 - wide, -51)):  # fmt: skip
        yield x + dx, y + dy - tall / 2, x + dx + wide, y + dy + tall / 2


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return wide * tall if wide > 0 and tall > 0 else 0.0
