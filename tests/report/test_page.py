"""The page without a browser: one file that loads nothing, in which whatever a model wrote stays text."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.report_sources import HOSTILE

from cope.eval import Recording
from cope.report import draw_files, is_report
from cope.report.page import json_for_script, replace_nan
from cope.report.plots.gallery import plots_for


class Elements(HTMLParser):
    """Every element with its attributes, and the text of the scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def test_nothing_that_a_model_wrote_is_an_element(record_page: str):
    elements = Elements(record_page)
    assert [attrs.get("type") for attrs, _ in elements.scripts] == [
        "application/json",
        "application/json",
        "text/plain",
        None,
    ]
    assert not [tag for tag, _ in elements.found if tag in ("img", "iframe", "object", "form")]
    assert not [name for _, attrs in elements.found for name in attrs if name.startswith("on")]
    assert "window.harmed" in elements.scripts[1][1], "the questions hold it as text"


def test_the_page_loads_nothing(record_page: str):
    elements = Elements(record_page)
    addresses = [
        value
        for _, attrs in elements.found
        for name, value in attrs.items()
        if name in ("src", "href", "xlink:href")
    ]
    assert all(re.match(r"#|data:", value or "") for value in addresses), addresses
    assert "url(" not in re.sub(r"url\(#", "", record_page) and "@import" not in record_page
    policy = next(attrs["content"] or "" for _, attrs in elements.found if attrs.get("http-equiv"))
    script = elements.scripts[-1][1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}';" in policy, (
        "only the page's own script runs"
    )


def test_the_data_comes_back_whole(record_page: str, record: Recording):
    scripts = Elements(record_page).scripts
    figures, index = (json.loads(text) for _, text in scripts[:2])
    assert figures["questions"] == len(index["rows"]) == 12 and figures["headline"]
    part = json.loads(gzip.decompress(base64.b64decode(scripts[2][1])))
    first = part["questions"][0]
    assert first["question"] == record.questions[0] and HOSTILE in first["question"]


def test_ids_are_unique(record_page: str):
    ids = [attrs["id"] for _, attrs in Elements(record_page).found if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_data_can_stand_in_a_script_element():
    made = json_for_script(
        {"a": "</script><!--", "b": float("nan"), "c": [1.5, float("inf")], "d": "\u2028"}
    )
    assert "<" not in made and "\u2028" not in made
    assert json.loads(made) == {"a": "</script><!--", "b": None, "c": [1.5, None], "d": "\u2028"}
    assert replace_nan((1, None, "x")) == [1, None, "x"]


def test_a_report_is_known_again(tmp_path: Path, record_page: str):
    (tmp_path / "a.html").write_text(record_page)
    (tmp_path / "b.html").write_text("<!doctype html><title>mine</title>")
    assert (
        is_report(tmp_path / "a.html")
        and not is_report(tmp_path / "b.html")
        and not is_report(tmp_path / "c.html")
    )


def test_pictures_are_drawn_in_the_pages_colours(record_plots: dict[str, dict[str, str]]):
    assert {
        "frontier-large-tokens",
        "frontier-seconds",
        "flow-0",
        "reliability-0",
        "flow-1",
        "time",
    } <= set(record_plots)
    assert "frontier-cost" in record_plots, "the large model alone has a price"
    for sizes in record_plots.values():
        for svg in sizes.values():
            assert "var(--" in svg and not re.search(r"(?:fill|stroke): #(?!000000)", svg)
            assert 'role="img"' in svg and "<metadata" not in svg and "<b>" not in svg
    wide = record_plots["frontier-large-tokens"]["wide"]
    assert "a &lt;b&gt; &amp; $x$" in wide and 'data-mark="system-0"' in wide


def test_what_is_not_known_has_no_picture(record_figures: dict[str, Any]):
    untimed = [{**s, "use": {**s["use"], "seconds": None}} for s in record_figures["systems"]]
    names = {plot.name for plot in plots_for({**record_figures, "systems": untimed})}
    assert "frontier-large-tokens" in names
    assert "time" not in names and "frontier-seconds" not in names


@pytest.mark.slow
def test_pictures_as_files(record_figures: dict[str, Any], record_pictures: Path, tmp_path: Path):
    files = list(record_pictures.iterdir())
    assert {f.suffix for f in files} == {".png", ".svg"} and all(
        f.stat().st_size > 500 for f in files
    )
    assert {"flow-cope.svg", "flow-large.png", "frontier-large-tokens.svg"} <= {
        f.name for f in files
    }
    one = {**record_figures, "systems": record_figures["systems"][:1], "measures": []}
    draw_files(one, tmp_path)
    for file in ("flow-cope.svg", "flow-cope.png"):
        assert (tmp_path / file).read_bytes() == (record_pictures / file).read_bytes(), (
            "the same figures give the same file"
        )
