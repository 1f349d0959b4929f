"""The picture of a frontier."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cope.models import Usage
from cope.optimize import CompileResult, ValidationScores
from cope.optimize.compiler.frontier_plot import draw_frontier

PROGRAM: Any = SimpleNamespace(baseline_tier="large")


def scores(right: int, large_tokens: float) -> ValidationScores:
    return ValidationScores([1.0] * right + [0.0] * (50 - right), large_tokens, 10 * large_tokens)


@pytest.mark.slow
def test_the_picture_of_a_frontier(tmp_path: Path) -> None:
    before, *others = tried = [
        scores(20, 90),
        scores(15, 30),
        scores(10, 40),
        scores(25, 60),
        scores(30, 90),
    ]
    front: list[Any] = [(None, others[0]), (None, others[2]), (None, others[3])]
    made = CompileResult(PROGRAM, before, others[3], True, front, [], Usage.from_totals(), None)
    png, svg = draw_frontier(
        made, tried, "cope compiled for gsm8k with gepa", tmp_path / "sub" / "mine.json"
    )
    assert (png.name, svg.name) == ("mine.frontier.png", "mine.frontier.svg")
    assert (
        png.read_bytes().startswith(b"\x89PNG")
        and png.stat().st_size + svg.stat().st_size < 150_000
    )
    root = ElementTree.parse(svg).getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for text in (
        "cope compiled for gsm8k with gepa",
        "tokens written by the large tier, a question",
        "accuracy on 50 validation questions, % (95% intervals)",
        "frontier, numbered as --pick counts",
        "2 other candidates",
        "before",
    ):
        assert text in texts, texts
    # The numbers stand in the dots, from the cheapest to the dearest.
    dots, alone, started = (places(root, gid) for gid in ("frontier", "others", "before"))
    assert (len(dots), len(alone), len(started)) == (3, 2, 1)
    assert sorted(dots) == dots and [y for _, y in dots] == sorted(
        (y for _, y in dots), reverse=True
    )
    assert started[0][0] == dots[2][0] and started[0][1] > dots[2][1], (
        "as dear as the third, and less often right"
    )
    assert [text for text in texts if text in ("1", "2", "3")] == ["1", "2", "3"]
    assert "matplotlib.pyplot" not in sys.modules


def places(root: ElementTree.Element, gid: str) -> list[tuple[float, float]]:
    """Where the dots of a group are, in the picture's units; y grows downwards."""
    group = next(one for one in root.iter() if one.get("id") == gid)
    return [
        (float(one.get("x") or 0), float(one.get("y") or 0))
        for one in group.iter()
        if one.tag.endswith("}use")
    ]


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    from cope.errors import CopeError

    before = scores(20, 0)
    (tmp_path / "file").write_text("")
    made: Any = CompileResult(
        PROGRAM, before, before, False, [(None, before)], [], Usage.from_totals(), None
    )
    with pytest.raises(CopeError, match=re.escape("choose another place with -o")):
        draw_frontier(made, [before], "small", tmp_path / "file" / "mine.json")
