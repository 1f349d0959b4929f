"""The frontier's picture: the line through what none beats, who is strong, and pictures that tell nothing."""

from pathlib import Path
from typing import Any

import pytest
from support.imported_recordings import imported
from support.report_sources import run_in

from cope.eval import Recording
from cope.report import draw_files, open_source, report_data
from cope.report.plots.frontier import (
    frontier_systems,
    numbered_systems,
    pareto_front,
    plot_frontier,
)
from cope.report.plots.gallery import frontier_notes, has_data, plots_for
from cope.report.plots.theme import COLORS, report_style

pytestmark = pytest.mark.slow


def system(
    name: str, cost: float | None, accuracy: float | None, number: int = 1, own: bool = True
) -> dict[str, Any]:
    interval = None if accuracy is None else (accuracy - 0.1, accuracy + 0.1)
    return {
        "name": name,
        "use": {"large-tokens": cost, "cost": cost},
        "accuracy": accuracy,
        "interval": interval,
        "number": number,
        "own": own,
    }


def figures(*systems: dict[str, Any]) -> dict[str, Any]:
    return {
        "systems": list(systems),
        "swept": {"system": "cope", "settings": []},
        "top": "large",
        "measures": [{"name": "large-tokens", "words": "tokens", "short": "tokens"}],
    }


SEVEN = figures(
    system("cope", 30.0, 0.60, 1),
    system("large", 50.0, 0.59, 2),
    system("small", 0.0, 0.37, 7),
    system("answer-cascade", 25.0, 0.58, 3),
    system("plan-then-solve", 33.0, 0.50, 5, own=False),
    system("self-plan", 52.0, 0.54, 4),
    system("self-consistency", 0.0, 0.45, 6),
)


def marked(figure: Any, name: str) -> Any:
    (found,) = [line for axes in figure.axes for line in axes.lines if line.get_gid() == name]
    return found


def test_the_line_joins_the_systems_that_none_beats():
    line = marked(plot_frontier(SEVEN, "large-tokens", 700), "frontier-line")
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [
        (0.0, 0.45),
        (25.0, 0.58),
        (30.0, 0.60),
    ]
    assert frontier_systems(SEVEN, "large-tokens") == ["self-consistency", "answer-cascade", "cope"]
    assert pareto_front([(1.0, 0.5), (1.0, 0.5), (0.5, 0.5)]) == [(0.5, 0.5)], (
        "as accurate for more is beaten"
    )
    alone = plot_frontier(
        figures(system("cope", 1.0, 0.5), system("large", 2.0, 0.4)), "large-tokens", 700
    )
    assert not [line for line in alone.axes[0].lines if line.get_gid() == "frontier-line"], (
        "one point makes no line"
    )


def test_only_the_sources_own_program_is_strong_and_what_is_replayed_is_hollow():
    figure = plot_frontier(SEVEN, "large-tokens", 700)
    fills = [marked(figure, f"system-{place}").get_markerfacecolor() for place in range(7)]
    assert (
        fills
        == [COLORS["accent"]] + [COLORS["other"]] * 3 + [COLORS["card"]] + [COLORS["other"]] * 2
    )
    bold = [text.get_text() for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert len(bold) == 1 and "cope" in bold[0]


@pytest.mark.parametrize("width", [330, 700])
def test_every_system_has_its_label(width: int):
    texts = {
        text.get_gid(): text.get_text()
        for text in plot_frontier(SEVEN, "large-tokens", width).axes[0].texts
    }
    key = numbered_systems(SEVEN, "large-tokens", width)
    assert set(texts) == {f"label-{number}" for number in range(1, 8)}
    for one in SEVEN["systems"]:
        told = texts[f"label-{one['number']}"]
        assert one["name"] in told or (
            told == str(one["number"]) and f"{told} {one['name']}" in key
        )


def test_a_picture_without_the_tiers_own_system_is_not_drawn(tmp_path: Path):
    imported(tmp_path, 40)
    found = {plot.name for plot in plots_for(report_data(open_source(tmp_path / "r.parquet")))}
    assert "frontier-large-calls" in found and "frontier-large-tokens" not in found
    small, large = system("small", 0.0, 0.4), system("large", None, 0.6)
    assert not has_data(figures(small, large), "large-tokens")
    assert not has_data(figures(small, system("mine", None, 0.6)), "large-tokens"), (
        "all that is known is that it is nothing"
    )
    assert has_data(figures(small, system("tiny", 0.0, 0.5)), "large-tokens") and not has_data(
        figures(), "large-tokens"
    )
    assert has_data(figures(system("mine", 4.0, 0.5), system("large", 5.0, 0.6)), "large-tokens")
    assert has_data(figures(large, system("mine", 4.0, 0.5)), "cost"), "money is no tier's own"


def test_a_files_heading_says_of_what_it_is(
    record_figures: dict[str, Any], record_plots: dict[str, dict[str, str]], record_pictures: Path
):
    flow, best = (
        (record_pictures / f"{name}.svg").read_text()
        for name in ("flow-cope", "frontier-large-calls")
    )
    assert ">jsonl, 12 questions: cope<" in flow and ">jsonl, 12 questions<" in best
    small = f"small {record_figures['models']['small']}"
    assert small in flow and small in best
    assert all(line in best for line in frontier_notes(record_figures, "large-calls"))
    assert "jsonl, 12 questions" not in record_plots["flow-0"]["wide"], "the page says it above"


def test_a_files_lines_and_numbers_are_explained():
    lines, key = frontier_notes(SEVEN, "large-tokens")
    dotted = "dotted: the best random mixture of two systems"
    assert lines == f"Gray line: no other system is as accurate for less; {dotted}"
    assert key == ", ".join(numbered_systems(SEVEN, "large-tokens", 700))
    settings = [
        {"accuracy": 0.5 + cost / 100, "use": {"large-tokens": cost}} for cost in (1.0, 2.0)
    ]
    swept = {**SEVEN, "swept": {"system": "cope", "settings": settings}}
    assert next(frontier_notes(swept, "large-tokens")).endswith(
        "; pale blue: cope at other thresholds"
    )


def test_a_lone_panel_is_as_wide_as_it_needs(tmp_path: Path):
    made = report_data(open_source(run_in(tmp_path, "self-consistency")))
    assert len(made["systems"][0]["reliability"]) == 1
    sizes = {picture.name: picture.size for picture in plots_for(made)}
    assert sizes["reliability-0"] == "narrow" and sizes["flow-0"] == "wide"
    draw_files({**made, "measures": []}, tmp_path / "pictures")
    svg = (tmp_path / "pictures" / "reliability-self-consistency.svg").read_text()
    assert 'viewBox="0 0 330 ' in svg


def test_a_heading_moves_nothing(record: Recording, record_folder: Path):
    """The axes stay where they were, counted from below."""
    from cope.report.plots.theme import add_heading

    with report_style():
        plain, under = (plot_frontier(SEVEN, "large-tokens", 700) for _ in range(2))
        add_heading(under, "title", ["a line"])
    heights = [figure.get_size_inches()[1] * 72 for figure in (plain, under)]
    boxes = [figure.axes[0].get_position() for figure in (plain, under)]
    assert heights[1] > heights[0]
    for side in ("y0", "height"):
        one, other = (
            getattr(box, side) * height for box, height in zip(boxes, heights, strict=True)
        )
        assert one == pytest.approx(other)
