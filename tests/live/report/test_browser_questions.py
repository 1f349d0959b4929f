"""The questions of a report's page in a real Chromium: filters, search, samples, keys and links, and no error in its console."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.report_browser import open_question

from cope.eval import Recording
from cope.report import open_source, report_data

pytestmark = pytest.mark.live


def rows(page: Any) -> int:
    return page.locator("#list li[data-row]").count()


def count(page: Any) -> str:
    return page.locator("#count").inner_text()


def test_filters_and_sorting_show_what_fits(
    small: tuple[Recording, Path], opened: Callable[..., Any]
):
    file = small[1]
    page = opened(file)
    assert "60 questions" in count(page) and rows(page) == 50
    outcomes = report_data(open_source(file.with_name("r.parquet")))["systems"][0]
    right = round(outcomes["accuracy"] * 60)
    page.select_option("#outcome", "right")
    assert f"{right} of 60 questions" in count(page)
    page.select_option("#outcome", "wrong")
    assert f"{60 - right} of 60 questions" in count(page)
    page.select_option("#outcome", "")
    page.check("#escalated")
    assert f"{60 - outcomes['rounds'][0]['answered']} of 60 questions" in count(page)
    page.select_option("#round", "3")
    assert f"{outcomes['rounds'][2]['answered']} of 60 questions" in count(page)
    page.click("#clear")
    page.check("#differs")
    assert " of 60 questions" in count(page)
    page.click("#clear")
    assert "60 questions" in count(page) and page.evaluate("location.hash") == ""
    page.select_option("#sort", "unsure")
    first = page.locator("#list li .side").nth(1).inner_text()
    assert first == f"{100 * min(r for r in _confidences(file)):.0f}%"


def _confidences(file: Path) -> list[float]:
    return [
        record.confidence or 0.0
        for record in open_source(file.with_name("r.parquet")).systems[0].records
    ]


def test_a_number_of_flips_opens_its_questions(
    small: tuple[Recording, Path], opened: Callable[..., Any]
):
    page = opened(small[1])
    buttons = page.locator("#flips button")
    assert buttons.count() > 0
    expected = buttons.first.inner_text()
    buttons.first.click()
    assert count(page).startswith(f"{expected} of 60 questions")
    page.click("#clear")
    assert "60 questions" in count(page) and " of 60" not in count(page).split("to 50")[0]


def test_the_search_finds_questions_at_once_and_plans_and_solutions_too(
    small: tuple[Recording, Path], opened: Callable[..., Any]
):
    from playwright.sync_api import expect

    page = opened(small[1])
    page.keyboard.press("/")
    page.keyboard.type("Q42")
    expect(page.locator("#count")).to_have_text("1 of 60 questions")
    assert page.locator("#list mark").first.inner_text() == "q42"
    page.fill("#search", "WORKINGS")
    page.wait_for_selector("#list li[data-row] >> nth=1")  # only solutions say that
    assert count(page).startswith("1 to 50 of 60 questions")
    page.fill("#search", "nowhere-to-be-found")
    page.wait_for_selector("#list .empty")


def test_a_question_shows_every_sample_and_the_decision(
    small: tuple[Recording, Path], opened: Callable[..., Any]
):
    record, file = small
    page = opened(file)
    open_question(page, 3)
    assert page.locator("#question h3").inner_text() == record.ids[3]
    text = page.locator("#question").inner_text()
    assert record.questions[3] in text and "samples agree" in text
    first = page.locator("#question .round").first
    assert first.locator("details.sample").count() == 8
    first.get_by_text("Open all samples").click()
    plan = next(plan for plan in record.rounds[0].plans[3] if plan)
    assert plan in first.inner_text(), "what looks like a script is text"
    bars = first.locator(".votes li").count()
    assert bars == len({int(vote) for vote in record.rounds[0].votes[3]})
    page.locator(".answers button", has_text="large").click()
    page.wait_for_selector("#question .round >> text=large solves once")
    assert page.locator("#system-questions").input_value() == "1"


def test_keys_move_open_and_close(small: tuple[Recording, Path], opened: Callable[..., Any]):
    record, file = small
    page = opened(file)
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    assert page.locator("#list li.active").get_attribute("data-row") == "2"
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#question h3 >> text={record.ids[2]}")
    page.keyboard.press("j")
    page.wait_for_selector(f"#question h3 >> text={record.ids[3]}")
    page.keyboard.press("Escape")
    assert (
        page.locator("#question").is_hidden()
        and page.evaluate("document.activeElement.id") == "list"
    )
    for _ in range(50):
        page.keyboard.press("ArrowDown")
    assert page.locator("#list li.active").get_attribute("data-row") == "53", (
        "the next page follows by itself"
    )
    assert page.locator("#list").get_attribute("aria-activedescendant") == "row-53"


def test_a_link_opens_the_question_and_back_closes_it(
    small: tuple[Recording, Path], opened: Callable[..., Any]
):
    record, file = small
    page = opened(file, f"#system=large&question={record.ids[55]}")
    page.wait_for_selector(f"#question h3 >> text={record.ids[55]}")
    assert page.locator("#list li.active").get_attribute("data-row") == "55"
    assert page.locator("#systems [aria-pressed=true] b").inner_text().endswith("large")
    page.click("#close")
    page.locator("#list li.active").click()
    page.wait_for_selector("#question .round")
    page.go_back()
    page.wait_for_selector("#question", state="hidden")
