"""What a reader does on a report's page in a browser."""

from typing import Any


def open_question(page: Any, place: int = 0) -> None:
    """Click the question at a place of the list, and wait until its details are unpacked and drawn."""
    from playwright.sync_api import expect  # default tests import this file, too

    row = page.locator("#list li[data-row]").nth(place)
    row.click()
    expect(page.locator("#question h3")).to_have_text(row.locator(".id").inner_text())
