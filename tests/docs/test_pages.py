"""Every page runs from its first snippet to its last, with scripted models in place of real ones."""

from pathlib import Path

import pytest
from support.documentation import PAGES, ROOT
from support.page_world import enter_world
from support.pages import snippets

RUN = [page for page in PAGES if any(snippets(page))]


@pytest.mark.slow  # a page takes seconds
@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = enter_world(tmp_path, monkeypatch)
    for snippet in snippets(page):
        world.run(snippet)
