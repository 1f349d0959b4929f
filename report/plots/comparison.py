"""The plot of a comparison: accuracy by cost with two baselines, and cost by the price ratio."""

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...util.plotting import FORMATS, saved_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...eval.comparison import Comparison

# The colors of Okabe and Ito, which color-blind readers can distinguish.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8a8a8a")
_GRAY = "#8a8a8a"
_ENVELOPE = "pairwise envelope"


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
    width, columns = 6, 1
    if comparison.price_basis:
        width, columns = 11, 2
    with saved_figure(files, (width, 4.8), "--plot") as figure:
        axes = np.atleast_1d(figure.subplots(1, columns))
        colors = dict(zip(comparison.summaries, cycle(_COLORS), strict=False))
        _plot_accuracy(axes[0], comparison, colors)
        if comparison.price_basis:
            _plot_costs_by_price_ratio(axes[1], comparison, colors)
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
            ncols=min(4, len(labels)),
        )
    return files


def _plot_accuracy(axes: "Axes", comparison: "Comparison", colors: dict[str, str]) -> None:
    """Plot accuracy with its interval by cost, without systems whose cost is partly unknown."""
    from ...stats.measures import MEASURES

    measure = MEASURES[comparison.measure]
    points: dict[str, tuple[float, float]] = {}
    for name, summary in comparison.summaries.items():
        cost = summary.costs[comparison.measure]
        if cost is None or summary.missing:
            # Only an entry of the legend, because the other plot shows the system.
            axes.plot([], [], "o", color=colors[name], markersize=8, label=name)
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
            fmt="o",
            color=colors[name],
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
    random_label, oracle_label = "random escalation", "oracle"
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
    axes: "Axes", comparison: "Comparison", colors: dict[str, str]
) -> None:
    """Plot the cost of each system relative to the reference, by the ratio of the prices."""
    from ...eval.comparison import PRICE_BASES, PRICE_RATIOS

    axes.axhline(100, color=colors[comparison.reference], linewidth=1.6)
    for place, pair in enumerate(comparison.pairs):
        if pair.price_ratio is None:
            continue
        costs = pair.price_ratio.relative_costs
        value, low, high = 100 * np.array([(one.value, one.low, one.high) for one in costs]).T
        axes.plot(
            PRICE_RATIOS,
            value,
            color=colors[pair.system],
            linewidth=1.6,
            gid=f"prices-{pair.system}",
        )
        axes.fill_between(
            PRICE_RATIOS, low, high, color=colors[pair.system], alpha=0.18, linewidth=0
        )
        crossing = pair.price_ratio.break_even
        if crossing and PRICE_RATIOS[0] <= crossing.value <= PRICE_RATIOS[-1]:
            axes.plot(
                [crossing.value], [100], "o", color=colors[pair.system], markersize=6, zorder=4
            )
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
                color=colors[pair.system],
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
