"""The picture of a comparison: accuracy by cost, and cost by the price ratio where it is known."""

from pathlib import Path

import pytest
from support.question_results import records_of

from cope.eval.comparison import compare
from cope.report.plots.comparison import draw_comparison


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
