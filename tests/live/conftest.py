"""A real Chromium: where one is not to be had, its tests are skipped or fail."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest


def chromium() -> str:
    """The system's Chromium; where there is none the test is skipped, unless `COPE_REQUIRE_CHROMIUM` is set."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    why = "there is no Chromium on the path: install the package chromium"
    if os.environ.get("COPE_REQUIRE_CHROMIUM"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(
    scope="module"
)  # no longer: while it is open an event loop runs, and other tests want their own
def browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright  # default tests collect this file, too

    with sync_playwright() as play:
        # A browser's own sandbox refuses to run as root, which test machines often are.
        opened = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
