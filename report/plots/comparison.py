"""The plot of a comparison: accuracy by cost with two baselines, and cost by the price ratio."""

from collections.abc import Iterable, Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...util.plotting import FORMATS, saved_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...eval.comparison import Comparison

# The colors of Okabe and Ito, which color-blind readers can distinguish.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8a8a8a")
_MARKERS = "os^DvP*X"
_GRAY = "#8a8a8a"
_ENVELOPE = "pairwise envelope"
_BASELINES = ("random escalation", "oracle", _ENVELOPE)
_LEGEND_COLUMNS = 4
_MOST_LABELS = 8  # more would hide each other; the command prints all ratios
_MOST_NARROW = 8
"""Systems that a narrow picture has room for."""


class Look(NamedTuple):
    """How a system is drawn."""

    color: str
    marker: str


def draw_comparison(comparison: "Comparison", output: Path) -> list[Path]:
    """Draw a comparison as PNG and as SVG, with text that can be selected.

    Args:
        comparison: the comparison.
        output: the file; both formats are written to its folder.

    Returns:
        The two files.

    Raises:
        CopeError: if they cannot be written.
    """
    files = [output.with_suffix(f".{kind}") for kind in FORMATS]
    width, columns = 6 if len(comparison.summaries) <= _MOST_NARROW else 9, 1
    if comparison.price_basis:
        width, columns = 11, 2
    names = [*_BASELINES, *comparison.summaries]
    legend_columns = _legend_columns(names, width)
    height = 4.4 + 0.2 * ceil(len(names) / legend_columns)
    with saved_figure(files, (width, height), "--plot") as figure:
        axes = np.atleast_1d(figure.subplots(1, columns))
        looks = system_looks(comparison.summaries)
        _plot_accuracy(axes[0], comparison, looks)
        if comparison.price_basis:
            _plot_costs_by_price_ratio(axes[1], comparison, looks)
        for one in axes:
            one.grid(color="#e6e6e6", linewidth=0.6)
            one.set_axisbelow(True)
            one.spines[["top", "right"]].set_visible(False)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            frameon=False,
            fontsize=9,
            loc="outside lower center",
            ncols=min(legend_columns, len(labels)),
        )
    return files


def _legend_columns(names: Iterable[str], width: float) -> int:
    """Return the number of columns with which a legend fits a width in inches.

    >>> _legend_columns(["small", "large"], 6), _legend_columns(["program-of-thought-large"], 6)
    (4, 2)
    """
    column = 0.6 + 0.075 * max(map(len, names))  # the marker and its space, and text of 9 points
    return max(1, min(_LEGEND_COLUMNS, int(width / column)))


def system_looks(systems: Iterable[str]) -> dict[str, Look]:
    """Return the look of each system, with another marker where the colors begin again.

    >>> system_looks(map(str, range(64)))["8"]
    Look(color='#0072B2', marker='s')
    """
    looks: dict[str, Look] = {}
    for number, name in enumerate(systems):
        again, place = divmod(number, len(_COLORS))
        looks[name] = Look(_COLORS[place], _MARKERS[again % len(_MARKERS)])
    return looks


def _plot_accuracy(axes: "Axes", comparison: "Comparison", looks: Mapping[str, Look]) -> None:
    """Plot accuracy with its interval by cost, without systems whose cost is partly unknown."""
    from ...stats.measures import MEASURES

    measure = MEASURES[comparison.measure]
    points: dict[str, tuple[float, float]] = {}
    for name, summary in comparison.summaries.items():
        cost, (color, marker) = summary.costs[comparison.measure], looks[name]
        if cost is None or summary.missing:
            # Only an entry of the legend, because the other plot shows the system.
            axes.plot([], [], marker, color=color, markersize=8, label=name)
            continue
        x, y = points[name] = cost * measure.scale, 100 * summary.accuracy
        low, high = summary.interval
        # Rounding can put a bound on the wrong side of the estimate.
        # matplotlib rejects negative bars.
        bounds = [[max(0.0, y - 100 * low)], [max(0.0, 100 * high - y)]]
        axes.errorbar(
            [x],
            [y],
            yerr=bounds,
            fmt=marker,
            color=color,
            markersize=8,
            capsize=3,
            label=name,
            zorder=3,
        )
    _plot_baselines(axes, comparison, points)
    if comparison.envelope:
        corners = [points[name] for name, *_ in comparison.envelope.points]
        axes.plot(*zip(*corners, strict=True), "-", color=_GRAY, linewidth=0.9, label=_ENVELOPE)
    scale = " for 1,000 questions" if measure.scale > 1 else ", a question"
    axes.set_title("accuracy by cost", fontsize=11)
    axes.set_xlabel(f"{measure.description_for(comparison.last_tier)}{scale}")
    axes.set_ylabel("accuracy, % (95% intervals)")
    axes.margins(x=0.06)


def _plot_baselines(
    axes: "Axes", comparison: "Comparison", points: Mapping[str, tuple[float, float]]
) -> None:
    """Plot random routing and the oracle as lines from each start.

    Args:
        axes: the axes.
        comparison: the comparison.
        points: cost and accuracy of each system, as plotted.
    """
    from ...stats.measures import MEASURES

    scale = MEASURES[comparison.measure].scale
    rows = comparison.routing_baselines.get(comparison.measure, {})
    starts = {baselines.start: baselines for baselines in rows.values()}
    random_label, oracle_label, _ = _BASELINES
    for start, baselines in starts.items():
        xs, ys = zip(points[start], points[comparison.last_tier], strict=True)
        axes.plot(xs, ys, "--", color=_GRAY, linewidth=1.3, label=random_label, zorder=1)
        accuracy, cost = baselines.oracle
        top = 100 * accuracy.value
        highest_cost = max(x for x, _ in points.values())
        xs, ys = [points[start][0], cost.value * scale, highest_cost], [points[start][1], top, top]
        axes.plot(xs, ys, ":", color=_GRAY, linewidth=1.6, label=oracle_label, zorder=1)
        random_label = oracle_label = None  # one entry of the legend for all starts


def _plot_costs_by_price_ratio(
    axes: "Axes", comparison: "Comparison", looks: Mapping[str, Look]
) -> None:
    """Plot the cost of each system relative to the reference, by the ratio of the prices."""
    from ...eval.comparison import PRICE_BASES, PRICE_RATIOS

    axes.axhline(100, color=looks[comparison.reference].color, linewidth=1.6)
    for place, pair in enumerate(comparison.pairs):
        if pair.price_ratio is None:
            continue
        color, marker = looks[pair.system]
        costs = pair.price_ratio.relative_costs
        value, low, high = 100 * np.array([(one.value, one.low, one.high) for one in costs]).T
        axes.plot(
            PRICE_RATIOS,
            value,
            color=color,
            linewidth=1.6,
            marker=marker,
            markersize=4,
            markevery=[0, -1],
            gid=f"prices-{pair.system}",
        )
        axes.fill_between(PRICE_RATIOS, low, high, color=color, alpha=0.18, linewidth=0)
        crossing = pair.price_ratio.break_even
        if crossing and PRICE_RATIOS[0] <= crossing.value <= PRICE_RATIOS[-1]:
            axes.plot([crossing.value], [100], marker, color=color, markersize=6, zorder=4)
            if len(comparison.pairs) > _MOST_LABELS:
                continue
            offset, side = (-6, -14), "right"
            if place % 2 == 0:  # neighbors on the line do not overlap
                offset, side = (6, 6), "left"
            axes.annotate(
                f"1:{crossing.value:.3g}",
                (crossing.value, 100),
                textcoords="offset points",
                fontsize=9,
                xytext=offset,
                ha=side,
                color=color,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1, 10, 100, 1000], ["1:1", "1:10", "1:100", "1:1000"])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_title(
        f"cost relative to {comparison.reference}, by the ratio of the prices", fontsize=11
    )
    counted = PRICE_BASES[comparison.price_basis or "tokens"].partition(" (")[0]
    axes.set_xlabel(f"price {comparison.first_tier} : {comparison.last_tier} ({counted})")
    axes.set_ylabel(f"cost, % of {comparison.reference}'s")
