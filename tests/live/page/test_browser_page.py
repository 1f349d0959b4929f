"""The page at `/` in a real Chromium: rounds as they happen, hostile text, keys, keyboard, widths."""

from collections.abc import Callable
from typing import Any

import pytest

from cope.serve import Access
from cope.serve.accounts import Accounts, Limits

pytestmark = pytest.mark.live

HOSTILE = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'


def ask(page: Any, text: str = "What is 6 times 7?") -> None:
    """Ask with the keyboard alone."""
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")


def test_rounds_are_watched_as_they_happen(
    served: Callable[..., Any], opened: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    world = served(waits=True)
    page = opened(world)
    ask(page)
    round_ = page.locator(".rounds article").first
    expect(round_.locator("summary")).to_have_text("8 plans")
    expect(page.locator("#send")).to_be_hidden()
    expect(page.locator("#stop")).to_be_visible()
    world.let(3)
    expect(round_.locator(".counted")).to_have_text("3 of 8 samples; the mark is at 75%")
    expect(round_.locator(".votes .count").first).to_have_text("3 of 8")
    expect(page.locator("#status")).to_have_text("Round 1 of 3: 3 of 8 samples")
    assert round_.get_attribute("data-state") == "running"
    world.let(20)
    expect(page.locator(".answer .text")).to_have_text("42")
    expect(round_.locator(".state")).to_have_text("✓ accepted")
    expect(round_.locator(".gate")).to_contain_text("agree")
    assert page.locator(".costs .count").first.inner_text().startswith("$0.0")
    assert page.locator(".costs .count").last.inner_text().startswith("unknown")
    expect(page.locator("#history .q")).to_have_text("What is 6 times 7?")
    page.select_option("#model", "cope/large")
    page.fill("#question", "And 7 times 6?")
    page.click("#send")
    expect(page.locator("#history li")).to_have_count(2)
    expect(page.locator(".costs .count").last).to_contain_text("$0.0")
    expect(page.locator(".answer .counted")).to_contain_text("As much as the last tier alone")
    page.reload()
    page.locator("#history button").last.click()
    expect(page.locator(".asked")).to_have_text("What is 6 times 7?")
    expect(page.locator(".answer .text")).to_have_text("42")
    page.click("#forget")
    expect(page.locator("#past")).to_be_hidden()


def test_text_of_models_and_users_never_becomes_markup(
    served: Callable[..., Any], opened: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    page = opened(served(plan=HOSTILE, solution=f"{HOSTILE}\nAnswer: {HOSTILE}"))
    ask(page, HOSTILE)
    expect(page.locator(".facts")).to_be_visible()
    expect(page.locator(".asked")).to_have_text(HOSTILE)
    assert page.locator(".plans li").first.text_content() == HOSTILE
    page.select_option("#model", "cope/texts")
    page.click("#send")
    expect(page.locator("#history li")).to_have_count(2)
    expect(page.locator(".answer .text")).to_contain_text(HOSTILE)
    page.reload()
    page.locator("#history button").first.click()
    expect(page.locator(".answer .text")).to_contain_text(HOSTILE)
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.harmed") is None


def test_the_policy_stops_a_script_that_is_in_the_page_after_all(
    served: Callable[..., Any], browser: Any
) -> None:
    page = browser.new_page()
    page.goto(served().address, timeout=120_000)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.harmed=1\">')"
    )
    blocked = page.evaluate(
        "fetch('https://example.invalid/').then(() => 'sent', (error) => error.name)"
    )
    assert blocked == "TypeError" and page.evaluate("window.harmed") is None
    page.close()


def test_a_key_is_asked_for_and_stays_in_the_tab(
    served: Callable[..., Any], opened: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    accounts = Accounts(":memory:")
    secret = accounts.add("mary", Limits())
    page = opened(served(Access(accounts, needs_key=True)), "dialog[open]")
    page.keyboard.type("cope-wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-text")).to_contain_text("not known")
    page.fill("#key", secret)
    page.keyboard.press("Enter")
    expect(page.locator("#key-dialog")).to_be_hidden()
    expect(page.locator("#model option")).to_have_count(4)
    page.focus("#question")
    ask(page)
    expect(page.locator(".answer .text")).to_have_text("42")
    page.click("#show-prompts")
    expect(page.locator("#prompts")).to_contain_text("round 1")
    page.keyboard.press("Escape")
    expect(page.locator("#prompts-dialog")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0 and page.evaluate("document.cookie") == ""
    assert page.evaluate("sessionStorage.getItem('cope-key')") == secret
    assert secret not in page.content() and secret not in page.url
    assert secret not in page.evaluate("sessionStorage.getItem('cope-history')")


def test_escape_stops_the_work_at_the_engine(
    served: Callable[..., Any], opened: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    world = served(waits=True)
    page = opened(world)
    ask(page)
    expect(page.locator(".rounds article")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".answer .none")).to_have_text("Stopped.")
    expect(page.locator(".rounds .state")).to_have_text("stopped")
    for _ in range(100):
        if any(engine.cancelled for engine in world.engines):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the calls at the engine were not cancelled")


def test_what_goes_wrong_is_said(served: Callable[..., Any], opened: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = opened(served(solution="no idea"))
    page.select_option("#model", "cope/small")
    page.fill("#question", "x" * 100_000)
    page.evaluate("document.getElementById('question').value = 'x'.repeat(300000)")
    page.click("#send")
    expect(page.locator(".answer .error")).to_contain_text("300,000 characters")


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_both_widths_and_themes_and_works_by_keyboard(
    served: Callable[..., Any], opened: Callable[..., Any], width: int
) -> None:
    from playwright.sync_api import expect

    world = served(solution=f"So.\nAnswer: {'x' * 400}")
    grounds = []
    for theme in ("light", "dark"):
        page = opened(world, viewport={"width": width, "height": 780}, color_scheme=theme)
        ask(page)
        expect(page.locator(".facts")).to_be_visible()
        page.locator(".answer summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] != grounds[1]
    reached = []
    page.focus(".skip")
    for _ in range(7):
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        page.keyboard.press("Tab")
    assert reached[1:5] == ["show-prompts", "question", "model", "send"]
