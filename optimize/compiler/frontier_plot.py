"""The picture of a compile's frontier: accuracy against tokens of the last tier, one dot for each whole candidate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...util.plotting import FORMATS, saved_figure
from .result import CompileResult, ValidationScores

_GREY, _BLUE, _RED = "#8a8a8a", "#1f5fa8", "#b3261e"


def frontier_files(output: Path) -> list[Path]:
    """Where the pictures of a program file's frontier lie.

    >>> [file.name for file in frontier_files(Path("mine.json"))]
    ['mine.frontier.png', 'mine.frontier.svg']
    """
    return [output.with_name(f"{output.stem}.frontier.{kind}") for kind in FORMATS]


def draw_frontier(
    made: CompileResult, tried: Sequence[ValidationScores], title: str, output: Path
) -> list[Path]:
    """Draw the frontier beside a program file, as PNG and as SVG with text that can be selected.

    Args:
        made: the compile's outcome; its frontier is joined and numbered as `--pick` counts.
        tried: all candidates that answered the whole validation set, the program as it was among them.
        title: what was compiled, in a few words.
        output: the program file.

    Returns:
        The two files.

    Raises:
        CopeError: when they cannot be written.
    """
    files = frontier_files(output)
    with saved_figure(files, (8, 5), "-o") as figure:
        _draw(figure.subplots(), made, tried, title)
    return files


def _draw(axes: Any, made: CompileResult, tried: Sequence[ValidationScores], title: str) -> None:
    front = [scores for _, scores in made.frontier]
    best = {_point(scores) for scores in front}
    others = [scores for scores in tried if _point(scores) not in best]
    axes.plot(*_points(front), color=_BLUE, linewidth=1.2, zorder=3, gid="frontier-line")
    _dots(axes, front, _BLUE, "frontier", "frontier, numbered as --pick counts")
    if others:
        _dots(axes, others, _GREY, "others", f"{len(others)} other candidates", thin=True)
    axes.plot(
        *_points([made.before]),
        "D",
        color="none",
        markeredgecolor=_RED,
        markersize=15,
        markeredgewidth=1.5,
        zorder=6,
        label="before",
        gid="before",
    )
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
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(f"tokens written by the {made.program.baseline_tier} tier, a question")
    axes.set_ylabel(
        f"accuracy on {len(made.before.values)} validation questions, % (95% intervals)"
    )
    axes.set_xlim(*_x_limits([scores.large_tokens for scores in tried]))
    axes.set_ylim(*_y_limits(tried))
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


def _dots(
    axes: Any,
    scores: Sequence[ValidationScores],
    colour: str,
    gid: str,
    label: str,
    *,
    thin: bool = False,
) -> None:
    """Dots with their intervals; of many candidates the intervals are a shade behind the frontier."""
    xs, ys = _points(scores)
    lows, highs = ([100 * bound for bound in bounds] for bounds in _bounds(scores))
    axes.vlines(
        xs,
        lows,
        highs,
        color=colour,
        linewidth=0.8 if thin else 1.2,
        alpha=0.25 if thin else 0.6,
        zorder=2,
    )
    size, floor = (4.5, 4) if thin else (13, 5)
    axes.plot(
        xs,
        ys,
        "o",
        color=colour,
        markersize=size,
        markeredgewidth=0,
        zorder=floor,
        label=label,
        gid=gid,
    )


def _bounds(scores: Sequence[ValidationScores]) -> tuple[list[float], list[float]]:
    intervals = [one.interval for one in scores]
    return [low for low, _ in intervals], [high for _, high in intervals]


def _point(scores: ValidationScores) -> tuple[float, float]:
    return scores.large_tokens, 100 * scores.accuracy


def _points(scores: Sequence[ValidationScores]) -> tuple[list[float], list[float]]:
    places = [_point(one) for one in scores]
    return [x for x, _ in places], [y for _, y in places]


def _x_limits(xs: Sequence[float]) -> tuple[float, float]:
    """Limits with room beside the first and the last dot, for the numbers."""
    low, high = min(xs), max(xs)
    margin = 0.06 * (high - low) or max(1.0, 0.1 * high)
    return low - margin, high + margin


def _y_limits(tried: Sequence[ValidationScores]) -> tuple[float, float]:
    lows, highs = _bounds(tried)
    return max(-2.0, 100 * min(lows) - 3), min(104.0, 100 * max(highs) + 4)
