"""The README: its recipe runs word by word with scripted models, its pictures show what was measured."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from support.documentation import DOCS, ROOT, generator
from support.page_world import PageWorld, enter_world
from support.pages import snippets

README = ROOT / "README.md"
SNIPPETS = list(snippets(README))


def test_the_two_commands_come_first():
    first = SNIPPETS[0].text.splitlines()
    assert first[0].startswith('pip install uv && uv run cope ask "')
    assert first[1] == "uv run pytest"


def post(world: PageWorld, path: str, **query: str) -> dict[str, object]:
    """Post a request to the FastAPI application of a page."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=world.names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(path, params=query)

    response = asyncio.run(ask())
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.slow  # seconds
def test_the_recipe_runs_word_by_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = enter_world(tmp_path, monkeypatch)
    for snippet in SNIPPETS:
        world.run(snippet)
    assert Path("orders.parquet").exists() and Path("orders.json").exists()
    answered = Path("answered.csv").read_text().splitlines()
    assert len(answered) == 21 and answered[0].startswith("text,order,answer,confidence,round")
    reply = post(world, "/order", text="Order 48213 is late.")
    assert reply == {"order": "48213", "confidence": 1.0, "round": 1}


@pytest.mark.slow  # the page has one more cascade
def test_the_endpoint_of_the_page_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = enter_world(tmp_path, monkeypatch)
    (code,) = [s for s in snippets(DOCS / "how-to" / "fastapi.md") if s.language == "python"]
    exec(compile(code.text, "fastapi.md", "exec"), world.names)
    assert post(world, "/ask", question="What is 6 times 7?")["answer"] == "42"


def test_the_figure_shows_numbers_of_the_pages():
    savings = generator("savings")
    assert savings.IMAGE.read_text(encoding="utf-8") == savings.draw()
    for saving in savings.SAVINGS:
        page = (ROOT / saving.page).read_text(encoding="utf-8")
        low, high = saving.difference[1:]
        assert re.search(rf"{re.escape(f'{low:+.1f} to {high:+.1f}')}", page), saving
        assert f"{saving.share}%" in page, saving


def test_pictures_are_small():
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture
