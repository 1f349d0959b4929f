"""The page of a run in a real Chromium: its exact calls can be opened, and its breakdown is shown, both as text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.games import run_of_games
from support.report_browser import open_question
from support.report_sources import HOSTILE, run_in, write_page

from cope.eval import RunStore

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def page_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run = run_in(folder, "cope", 12)
    notes = json.loads((run / "run.json").read_text())
    keys = sorted(RunStore.read(run).results)
    notes["values_by_field"] = {
        "level": {key: f"{place % 3}{HOSTILE}" for place, key in enumerate(keys)}
    }
    (run / "run.json").write_text(json.dumps(notes))
    return write_page(run, folder / "report.html")


def test_the_exact_call_of_a_sample_can_be_opened(page_of_run: Path, opened: Callable[..., Any]):
    page = opened(page_of_run)
    open_question(page)
    sample = page.locator("#question details.sample").first
    sample.locator("summary").first.click()
    call = sample.locator("details.call")
    assert call.count() == 2, "of its plan, and of itself"
    for place in range(2):
        call.nth(place).locator("summary").click()
        text = call.nth(place).inner_text()
        assert HOSTILE in text and "temperature" in text
    assert page.evaluate("window.harmed") is None


def test_the_breakdown_has_a_table_and_a_plot(page_of_run: Path, opened: Callable[..., Any]):
    page = opened(page_of_run)
    section = page.locator("#by-section")
    assert section.is_visible()
    table = section.locator("#by-table tbody tr")
    assert table.count() == 3 and HOSTILE in table.first.inner_text()
    assert section.locator("#by-plot svg").count() >= 1
    assert page.evaluate("window.harmed") is None


@pytest.mark.parametrize("width", [1280, 360])
def test_an_episode_is_a_story_with_the_calls_of_each_step(
    tmp_path: Path, opened: Callable[..., Any], width: int
):
    file = write_page(run_of_games(tmp_path), tmp_path / "games.html")
    page = opened(file, viewport={"width": width, "height": 900})
    open_question(page)
    steps = page.locator("#question .story details.sample")
    assert steps.count() == 5
    assert "Step 2: take key" in steps.nth(1).inner_text()
    steps.nth(1).locator("summary").first.click()
    text = steps.nth(1).inner_text()
    assert "Round 1, escalated: " in text and "Round 2, accepted: take key: 1." in text
    assert "[object" not in text and "I try it." in text
    assert steps.nth(1).locator("details.call").count() == 5
    assert page.locator("#question").get_by_text("Other calls").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
