"""The picture of a comparison: accuracy by cost, and cost by the price ratio where it is known."""

import re
from pathlib import Path

import pytest
from support.question_results import records_of

from cope.eval.comparison import compare
from cope.report.plots.comparison import draw_comparison, system_looks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "panels"),
    [({}, 2), pytest.param({"medium": [3] * 4}, 1, marks=pytest.mark.slow)],
)
def test_the_picture_names_systems_and_baselines(
    more: dict[str, list[int]], panels: int, tmp_path: Path
) -> None:
    """A third tier has no price ratio, so there is no second panel."""
    made = compare(
        {
            "ours": records_of([1, 1, 0, 1], large=[9, 0, 0, 9], small=[5] * 4, **more),
            "small": records_of([1, 0, 0, 1], large=[0] * 4, small=[5] * 4),
            "large": records_of([1, 1, 1, 0], large=[9] * 4, small=[0] * 4),
        }
    )
    png, svg = draw_comparison(made, tmp_path / "new" / "c.png")
    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text()
    assert "random escalation" in text and text.count('id="axes_') == panels


def test_no_two_of_many_systems_look_alike():
    looks = system_looks(map(str, range(64)))
    assert len(set(looks.values())) == 64


@pytest.mark.slow
def test_the_picture_of_many_systems_names_all_and_labels_no_ratio(tmp_path: Path):
    systems = {f"system{n}": records_of([1, 0], large=[1, 2], small=[50] * 2) for n in range(12)}
    systems["large"] = records_of([1, 1], large=[9] * 2, small=[0] * 2)
    text = draw_comparison(compare(systems), tmp_path / "c.png")[1].read_text()
    assert all(name in text for name in systems)
    assert "1:10" in text and "1:6.67" not in text


@pytest.mark.slow
@pytest.mark.parametrize("systems", [2, 7, 24])
def test_no_name_of_the_legend_is_cut_off(systems: int, tmp_path: Path):
    more = {"small": [5] * 2, "medium": [3] * 2}  # no price ratio, so that there is one panel
    names = [f"best-of-tests-large{number}" for number in range(systems)]
    runs = {name: records_of([1, 0], large=[1, 2], **more) for name in names}
    runs["large"] = records_of([1, 1], large=[9] * 2, **more)
    text = draw_comparison(compare(runs), tmp_path / "c.png")[1].read_text()
    (width,) = re.findall(r'<svg [^>]*viewBox="0 0 ([\d.]+) ', text)
    drawn = dict(re.findall(r'<text [^>]*?x="([-\d.]+)"[^>]*>(best-of-tests-large\d+)<', text))
    assert len(drawn) > systems / 8, "several names stand in one column"
    for start, name in drawn.items():
        assert 0 < float(start) < float(width) - 4.5 * len(name)
