"""Plot a compile's Pareto front: accuracy against last-tier tokens of each evaluated candidate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...util.plotting import FORMATS, saved_figure
from .result import CompileResult, ValidationScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRAY, _BLUE, _RED = "#8a8a8a", "#1f5fa8", "#b3261e"


def frontier_files(output: Path) -> list[Path]:
    """Return the paths of the plots of a program file's front.

    >>> [file.name for file in frontier_files(Path("mine.json"))]
    ['mine.frontier.png', 'mine.frontier.svg']
    """
    return [output.with_name(f"{output.stem}.frontier.{kind}") for kind in FORMATS]


def draw_frontier(
    result: CompileResult, evaluated: Sequence[ValidationScores], title: str, output: Path
) -> list[Path]:
    """Draw the front next to a program file, as PNG and as SVG with text that can be selected.

    Args:
        result: the result; its front is connected, and numbered as `--pick` counts.
        evaluated: the scores of all candidates that answered the whole validation set, including
            the program before the compile.
        title: a short text on what was compiled.
        output: the program file.

    Returns:
        The two files.

    Raises:
        CopeError: when they cannot be written.
    """
    files = frontier_files(output)
    with saved_figure(files, (8, 5), "-o") as figure:
        _draw(figure.subplots(), result, evaluated, title)
    return files


def _draw(
    axes: "Axes", result: CompileResult, evaluated: Sequence[ValidationScores], title: str
) -> None:
    front = [scores for _, scores in result.frontier]
    points = [_point(scores) for scores in front]
    others = [scores for scores in evaluated if _point(scores) not in points]
    axes.plot(*zip(*points, strict=True), color=_BLUE, linewidth=1.2, zorder=3, gid="frontier-line")
    _draw_front(axes, front)
    if others:
        _draw_others(axes, others)
    x, y = _point(result.before)
    axes.plot(
        [x],
        [y],
        "D",
        color="none",
        markeredgecolor=_RED,
        markersize=15,
        markeredgewidth=1.5,
        zorder=6,
        label="before",
        gid="before",
    )
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(f"tokens written by the {result.program.baseline_tier} tier, a question")
    questions = len(result.before.values)
    axes.set_ylabel(f"accuracy on {questions} validation questions, % (95% intervals)")
    axes.set_xlim(*_x_limits(evaluated))
    axes.set_ylim(*_y_limits(evaluated))
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False,
        fontsize=9,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),
        ncols=3,
        markerscale=0.7,
    )


def _draw_front(axes: "Axes", front: Sequence[ValidationScores]) -> None:
    """Draw large numbered dots with their intervals."""
    _draw_intervals(axes, front, _BLUE, linewidth=1.2, alpha=0.6)
    label = "frontier, numbered as --pick counts"
    _draw_dots(axes, front, _BLUE, size=13, zorder=5, gid="frontier", label=label)
    for number, scores in enumerate(front, 1):
        axes.annotate(
            str(number),
            _point(scores),
            ha="center",
            va="center",
            color="white",
            weight="bold",
            fontsize=8,
            zorder=7,
        )


def _draw_others(axes: "Axes", others: Sequence[ValidationScores]) -> None:
    """Draw small dots; their intervals, which may be many, are a shade behind the front."""
    _draw_intervals(axes, others, _GRAY, linewidth=0.8, alpha=0.25)
    label = f"{len(others)} other candidates"
    _draw_dots(axes, others, _GRAY, size=4.5, zorder=4, gid="others", label=label)


def _draw_intervals(
    axes: "Axes", scores: Sequence[ValidationScores], color: str, *, linewidth: float, alpha: float
) -> None:
    axes.vlines(
        [one.large_tokens for one in scores],
        [100 * one.interval[0] for one in scores],
        [100 * one.interval[1] for one in scores],
        color=color,
        linewidth=linewidth,
        alpha=alpha,
        zorder=2,
    )


def _draw_dots(
    axes: "Axes",
    scores: Sequence[ValidationScores],
    color: str,
    *,
    size: float,
    zorder: float,
    gid: str,
    label: str,
) -> None:
    axes.plot(
        *zip(*map(_point, scores), strict=True),
        "o",
        color=color,
        markersize=size,
        markeredgewidth=0,
        zorder=zorder,
        label=label,
        gid=gid,
    )


def _point(scores: ValidationScores) -> tuple[float, float]:
    return scores.large_tokens, 100 * scores.accuracy


def _x_limits(evaluated: Sequence[ValidationScores]) -> tuple[float, float]:
    """Return limits with a margin for the numbers of the first and the last dot."""
    low = min(scores.large_tokens for scores in evaluated)
    high = max(scores.large_tokens for scores in evaluated)
    margin = 0.06 * (high - low) or max(1.0, 0.1 * high)
    return low - margin, high + margin


def _y_limits(evaluated: Sequence[ValidationScores]) -> tuple[float, float]:
    low = min(scores.interval[0] for scores in evaluated)
    high = max(scores.interval[1] for scores in evaluated)
    return max(-2.0, 100 * low - 3), min(104.0, 100 * high + 4)
