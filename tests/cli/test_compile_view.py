"""The live line of `cope compile`, and the picture of a frontier."""

import io
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cope.cli.compile_view import CompileView
from cope.cli.frontier_plot import draw_frontier
from cope.optimize import Compiled, Scores
from cope.optimize.budget import Spending
from cope.optimize.candidates import Candidates


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def session() -> Any:
    return SimpleNamespace(purse=SimpleNamespace(spent=Spending()), candidates=Candidates(["a", "b"]))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the view sees it, in seconds; tests move it on."""
    now = [100.0]
    monkeypatch.setattr("cope.cli.compile_view.time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def score(session: Any, number: int, key: str, value: float) -> None:
    session.candidates.see(f"c{number}", {}, 0)
    session.candidates.score(f"c{number}", key, value, 0, 0)


def test_one_line_is_drawn_over(session: Any, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    view = CompileView(calls=400)
    with view:
        view.scored(session)
        score(session, 0, "a", 1.0)
        view.scored(session)  # too soon to be drawn
        clock[0] += 1
        view.scored(session)
        score(session, 0, "b", 0.0)
        score(session, 1, "a", 1.0)
        score(session, 1, "b", 1.0)
        clock[0] += 9
        session.purse.spent = Spending(100, 9000, 0.25, 3.0)
        view.scored(session)
    first, *drawn = out.getvalue().split("\r")
    assert first == "" and out.getvalue().count("\n") == 1 and out.getvalue().endswith("\n")
    assert [line.rstrip() for line in drawn] == [
        "asks a few questions  calls 0 of 400",
        "before: 1 of 2 questions  calls 0 of 400",
        "best 100.0% (candidate 1 of 1)  calls 100 of 400  $0.25  at most 30 s left",
        "best 100.0% (candidate 1 of 1)  calls 100 of 400  $0.25",
    ]


def test_a_narrow_terminal_cuts_the_line(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "21")
    with CompileView(calls=None) as view:
        view.scored(session)
    assert out.getvalue() == "\rasks a few questions\rasks a few questions\n"


def test_without_a_terminal_a_line_comes_now_and_then(
    session: Any, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", out := io.StringIO())
    view = CompileView(calls=None)
    with view:
        for calls in (1, 2, 3):
            session.purse.spent = Spending(calls)
            view.scored(session)
            clock[0] += 10
    assert out.getvalue().splitlines() == [f"asks a few questions  calls {n}" for n in (1, 3)]
    view.expects(60)
    with view:
        clock[0] += 20
        session.purse.spent = Spending(33)
        view.scored(session)
    assert "calls 33  at most 20 s left" in out.getvalue(), "the estimate bounds what no budget does"


def scores(right: int, large_tokens: float) -> Scores:
    return Scores([1.0] * right + [0.0] * (50 - right), large_tokens, 10 * large_tokens)


def test_the_picture_of_a_frontier(tmp_path: Path) -> None:
    before, *others = tried = [scores(20, 90), scores(15, 30), scores(10, 40), scores(25, 60), scores(30, 90)]
    front: list[Any] = [(None, others[0]), (None, others[2]), (None, others[3])]
    made = Compiled(None, before, others[3], True, front, [], Spending(), None)
    png, svg = draw_frontier(made, tried, "cope compiled for gsm8k with gepa", tmp_path / "sub" / "mine.json")
    assert (png.name, svg.name) == ("mine.frontier.png", "mine.frontier.svg")
    assert png.read_bytes().startswith(b"\x89PNG") and png.stat().st_size + svg.stat().st_size < 150_000
    root = ElementTree.parse(svg).getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for text in (
        "cope compiled for gsm8k with gepa", "tokens written by the large tier, a question",
        "accuracy on 50 validation questions, % (95% intervals)", "frontier, numbered as --pick counts",
        "2 other candidates", "before",
    ):  # fmt: skip
        assert text in texts, texts
    # The numbers stand in the dots, from the cheapest to the dearest.
    dots, alone, started = (places(root, gid) for gid in ("frontier", "others", "before"))
    assert (len(dots), len(alone), len(started)) == (3, 2, 1)
    assert sorted(dots) == dots and [y for _, y in dots] == sorted((y for _, y in dots), reverse=True)
    assert started[0][0] == dots[2][0] and started[0][1] > dots[2][1], "as dear as the third, and less often right"
    assert [text for text in texts if text in ("1", "2", "3")] == ["1", "2", "3"]
    assert "matplotlib.pyplot" not in sys.modules


def places(root: ElementTree.Element, gid: str) -> list[tuple[float, float]]:
    """Where the dots of a group are, in the picture's units; y grows downwards."""
    group = next(one for one in root.iter() if one.get("id") == gid)
    return [(float(one.get("x") or 0), float(one.get("y") or 0)) for one in group.iter() if one.tag.endswith("}use")]


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    from cope.errors import CopeError

    before = scores(20, 0)
    (tmp_path / "file").write_text("")
    made: Any = Compiled(None, before, before, False, [(None, before)], [], Spending(), None)
    with pytest.raises(CopeError, match=re.escape("choose another place with -o")):
        draw_frontier(made, [before], "small", tmp_path / "file" / "mine.json")
