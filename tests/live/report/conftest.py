"""A report's page in a real Chromium, see `browser`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.report_sources import record_in, write_page

from cope.eval import Recording

QUESTIONS = 2_000


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
            renamed = pa.array(
                [f"{value}-{copy}" for value in table[name].to_pylist()], pa.string()
            )
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
        page.on(
            "request", lambda request: said.extend([request.url] if abroad(request.url) else [])
        )
        page.goto(file.as_uri() + address)
        page.wait_for_selector("html[data-ready]", state="attached")
        pages.append(page)
        return page

    yield open_
    harmed = [page.evaluate("window.harmed") for page in pages]
    for context in contexts:
        context.close()
    assert said == [] and not any(harmed)
