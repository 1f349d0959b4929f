"""The report's page in a real Chromium: clicks, filters, keys, links, themes and widths, and no error in its console."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_sources import record_in

from cope.eval import Recording
from cope.eval.report import figures_of, open_source, page_of

pytestmark = pytest.mark.live

QUESTIONS = 2_000


def chromium() -> str:
    """The system's Chromium; where there is none the test is skipped, unless `COPE_REQUIRE_CHROMIUM` is set."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    why = "there is no Chromium on the path: install the package chromium"
    if os.environ.get("COPE_REQUIRE_CHROMIUM"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright  # default tests collect this file, too

    with sync_playwright() as play:
        # A browser's own sandbox refuses to run as root, which test machines often are.
        opened = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


def write_page(record: Path, page: Path) -> Path:
    source = open_source(record)
    page.write_text("".join(page_of(source, figures_of(source))), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Path]:
    folder = tmp_path_factory.mktemp("small")
    return record_in(folder, 60), write_page(folder / "r.parquet", folder / "report.html")


@pytest.fixture(scope="module")
def large(small: tuple[Recording, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 questions with 18 samples each: the small record's over and over, under other names."""
    folder, table = tmp_path_factory.mktemp("large"), small[0].table
    made = []
    for copy in range(-(-QUESTIONS // 60)):
        again = table
        for name in ("key", "id"):
            renamed = pa.array([f"{value}-{copy}" for value in table[name].to_pylist()], pa.string())
            place = table.schema.get_field_index(name)
            again = again.set_column(place, table.schema.field(place), renamed)
        made.append(again)
    pq.write_table(pa.concat_tables(made), folder / "r.parquet")
    return write_page(folder / "r.parquet", folder / "report.html")


def abroad(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:"))


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page in a window of its own; at the end its console must have been silent, and nothing harmed."""
    contexts, said, pages = [], list[str](), list[Any]()

    def open_(file: Path, address: str = "", **window: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **window})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.extend([request.url] if abroad(request.url) else []))
        page.goto(file.as_uri() + address)
        page.wait_for_selector("html[data-ready]", state="attached")
        pages.append(page)
        return page

    yield open_
    harmed = [page.evaluate("window.harmed") for page in pages]
    for context in contexts:
        context.close()
    assert said == [] and not any(harmed)


def rows(page: Any) -> int:
    return page.locator("#list li[data-row]").count()


def count(page: Any) -> str:
    return page.locator("#count").inner_text()


def test_filters_and_sorting_show_what_fits(small: tuple[Recording, Path], opened: Callable[..., Any]):
    file = small[1]
    page = opened(file)
    assert "60 questions" in count(page) and rows(page) == 50
    outcomes = figures_of(open_source(file.with_name("r.parquet")))["systems"][0]
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
    return [record.confidence or 0.0 for record in open_source(file.with_name("r.parquet")).systems[0].records]


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
    expect(page.locator("#count")).to_have_text(re.compile(r"^(\d+ of |1 to 50 of )?\d+ (of 60 )?questions$"))
    assert rows(page) > 0, "only solutions say that"
    page.fill("#search", "nowhere-to-be-found")
    page.wait_for_selector("#list .empty")


def test_a_question_shows_every_sample_and_the_decision(small: tuple[Recording, Path], opened: Callable[..., Any]):
    record, file = small
    page = opened(file)
    page.locator("#list li").nth(3).click()
    page.wait_for_selector("#question .round")
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
    assert page.locator("#question").is_hidden() and page.evaluate("document.activeElement.id") == "list"
    for _ in range(50):
        page.keyboard.press("ArrowDown")
    assert page.locator("#list li.active").get_attribute("data-row") == "53", "the next page follows by itself"
    assert page.locator("#list").get_attribute("aria-activedescendant") == "row-53"


def test_a_link_opens_the_question_and_back_closes_it(small: tuple[Recording, Path], opened: Callable[..., Any]):
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


def test_costs_systems_and_themes_switch(small: tuple[Recording, Path], opened: Callable[..., Any]):
    page = opened(small[1])
    assert page.locator("#frontier svg:visible").get_attribute("aria-label").startswith("Accuracy against tokens that")
    page.get_by_text("seconds", exact=True).click()
    assert page.locator("#frontier svg:visible").get_attribute("aria-label").startswith("Accuracy against seconds")
    page.locator("#frontier svg:visible [data-mark=system-1]").click()
    assert page.locator("#system-rounds").input_value() == "1"
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    page.click("#theme")
    assert page.locator("#theme").inner_text() == "Theme: dark" and page.evaluate(ground) != light
    assert opened(small[1], color_scheme="dark").evaluate(ground) == page.evaluate(ground), "the reader's own wish"


def test_a_phone_scrolls_down_only(small: tuple[Recording, Path], opened: Callable[..., Any]):
    record, file = small
    page = opened(file, viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == 360
    assert page.locator("#flow .narrow").is_visible() and not page.locator("#flow .wide").is_visible()
    page.locator("#list li").nth(1).tap()
    page.wait_for_selector(f"#question h3 >> text={record.ids[1]}")
    assert page.evaluate(wide) == 360 and page.locator("#list").is_hidden()
    page.get_by_text("Back to the list").tap()
    assert page.locator("#list").is_visible()
    title, theme = (page.locator(id_).bounding_box() for id_ in ("#title", "#theme"))
    assert theme["y"] + theme["height"] <= title["y"], "the button covers nothing of the title"


RUNS_OVER = """[...document.querySelectorAll('#flow svg, #frontier svg')].filter((svg) => svg.getBoundingClientRect().width)
  .flatMap((svg) => [...svg.querySelectorAll('text')].filter((text) => {
    const [inner, outer] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
    return inner.left < outer.left - 1 || inner.right > outer.right + 1;
  }).map((text) => text.textContent))"""

COVERED = """(() => {
  const svg = [...document.querySelectorAll('#frontier svg')].find((one) => one.getBoundingClientRect().width);
  const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const over = ([, a], [, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => over(one, other)).map((other) => [one[0], other[0]]));
})()"""


@pytest.mark.parametrize("width", [360, 1280])
def test_pictures_keep_their_texts_apart(small: tuple[Recording, Path], opened: Callable[..., Any], width: int):
    page = opened(small[1], viewport={"width": width, "height": 900})
    for measure in page.locator("#measures input:enabled").all():
        measure.check(force=True)
        assert page.evaluate(RUNS_OVER) == [] and page.evaluate(COVERED) == []
    numbers = page.locator("#systems .number").all_inner_texts()
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)] and len(numbers) > 1


HIDES = "(id) => { const box = document.getElementById(id).parentElement; return box.scrollWidth > box.clientWidth; }"


def test_tables_fit_a_screen_and_show_where_they_go_on(small: tuple[Recording, Path], opened: Callable[..., Any]):
    wide, phone = opened(small[1]), opened(small[1], viewport={"width": 360, "height": 780})
    assert [wide.evaluate(HIDES, table) for table in ("by-round", "table")] == [False, False]
    assert [phone.evaluate(HIDES, table) for table in ("by-round", "table")] == [True, True]
    hint = "getComputedStyle(document.getElementById('table').parentElement).backgroundAttachment"
    assert phone.evaluate(hint).count("local") == 2, "a cover that scrolls away, and the shadow under it"


def test_a_gate_of_tests_is_no_vote(small: tuple[Recording, Path], opened: Callable[..., Any]):
    file = small[1].with_name("code.html")
    source = open_source(small[1].with_name("r.parquet"))
    figures = figures_of(source)
    for system in figures["systems"]:
        for row in [*system["rounds"], *system["reliability"]]:
            row["gate"] = "tests"
    file.write_text("".join(page_of(source, figures)), encoding="utf-8")
    page = opened(file)
    shown = page.locator("#reliability svg:visible").text_content()
    assert "passes the shown tests" in shown and "needed" not in shown and "votes" not in shown
    assert page.locator("#h-reliability").inner_text() == "Can the shown tests be trusted?"
    assert re.search(
        r"Round 1: \d+ of \d+ programs that pass them are right", page.locator("#reliability-caption").inner_text()
    )
    sides = set(page.locator("#list li .side:last-child").all_inner_texts())
    assert sides <= {"passes", "fails", ""} and page.locator("#list li .side[title*=votes]").count() == 0
    assert "passing the shown tests first" in page.locator("#sort").inner_text()


def test_everything_that_can_be_worked_has_a_name(small: tuple[Recording, Path], opened: Callable[..., Any]):
    page = opened(small[1])
    page.locator("#list li").first.click()
    page.wait_for_selector("#question .round")
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select, [role=listbox], svg[role=img], article')]"
        ".filter((e) => !(e.ariaLabel || e.innerText?.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert nameless == []


def test_two_thousand_questions_open_within_a_second(large: Path, opened: Callable[..., Any]):
    # The thread's own time: on a machine that does other things the clock says nothing of the page. Where it does none,
    # the clock is what a reader waits for.
    page = opened(large)
    quiet = os.getloadavg()[0] < 0.5 * (os.cpu_count() or 1)
    times, clocks = list[float](), list[float]()
    for _ in range(3):
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        found = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        times.append(found["TaskDuration"])
        clocks.append(int(page.locator("html").get_attribute("data-ready")) / 1000)
        print(f"{found['TaskDuration']:.2f} s of the main thread, {clocks[-1]:.2f} s by the clock")
        session.detach()
    assert "2,040 questions" in count(page)
    assert min(times) < 1.0, times
    assert not quiet or min(clocks) < 1.0, clocks
    print(
        f"{'a quiet' if quiet else 'a busy'} machine, load {os.getloadavg()[0]:.1f}; {large.stat().st_size / 1e6:.1f} MB"
    )
