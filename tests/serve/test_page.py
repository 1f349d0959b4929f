"""The files of the page and their headers; `tests/live/page` opens it in a browser."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cope import Cascade
from cope.serve import Access, Service, make_app
from cope.serve.accounts import Accounts, Limits
from cope.serve.page.routes import POLICY, page_files

FILES = {name: content.decode() for name, (content, _) in page_files().items()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}


def get(service: Service, *paths: str, access: Access | None = None, key: str = "") -> list[Any]:
    app = make_app(service, access=access, log=lambda line: None)
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://cope", headers=headers
        ) as http:
            return [await http.get(path) for path in paths]

    return asyncio.run(run())


@pytest.fixture
def service(scripted: Callable[..., Any]) -> Service:
    team = scripted(lambda ask: "Add them." if ask.role == "plan" else "So.\nAnswer: 42").team
    return Service(Cascade("cope", team), {"small": Cascade("small", team)})


def test_every_file_comes_with_the_policy_and_nothing_else_is_sent(service: Service) -> None:
    names = [f"/static/{name}" for name in FILES]
    others = ["/static/nothing.js", "/static/__init__.py", "/static/..%2froutes.py"]
    replies = get(service, "/", *names, *others)
    for reply in replies[: 1 + len(names)]:
        assert reply.status_code == 200
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert [reply.status_code for reply in replies[1 + len(names) :]] == [404] * 3
    assert replies[0].headers["content-type"].startswith("text/html")
    assert "unsafe" not in POLICY and POLICY.startswith("default-src 'none'")


def test_the_page_has_no_script_or_style_within_and_names_only_its_own_files() -> None:
    page = FILES["index.html"]
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    for text in FILES.values():
        known = text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\(", known)
    linked = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    for text in SCRIPTS.values():
        linked |= set(re.findall(r'from "\./([^"]+)"', text))
    assert linked | {"index.html"} == set(FILES)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_text(name: str) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc"
    ways += r"|createContextualFragment|setHTML|DOMParser|localStorage|document\.cookie"
    assert not re.search(ways, SCRIPTS[name])


def test_prompts_are_those_of_the_model_and_need_a_key(service: Service) -> None:
    cope, small, none = get(service, "/prompts", "/prompts?model=cope/small", "/prompts?model=x")
    assert cope.text.count("field answer") > small.text.count("field answer") > 0
    assert cope.headers["content-type"].startswith("text/plain") and none.status_code == 404
    accounts = Accounts(":memory:")
    secret = accounts.add("mary", Limits())
    access = Access(accounts, needs_key=True)
    page, prompts = get(service, "/", "/prompts", access=access)
    assert (page.status_code, prompts.status_code) == (200, 401)
    assert get(service, "/prompts", access=access, key=secret)[0].status_code == 200


def test_chunks_say_what_happened_as_data(service: Service) -> None:
    app = make_app(service, log=lambda line: None)
    body = {"model": "cope", "stream": True, "messages": [{"role": "user", "content": "6 * 7?"}]}

    async def run() -> str:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            return (await http.post("/v1/chat/completions", json=body)).text

    events = []
    for line in asyncio.run(run()).split("\n\n"):
        if line.startswith("data: {"):
            events.append(json.loads(line[6:]).get("cope_event"))
    events = [event for event in events if event]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "round" and kinds[-1] == "gate" and kinds.count("plan") == 8
    assert events[0]["rounds"] == 3 and events[0]["threshold"] == 0.75
    samples = [event for event in events if event["type"] == "sample"]
    assert [sum(sample["votes"].values()) for sample in samples] == list(range(1, len(samples) + 1))
    assert events[-1]["accepted"] and "agree" in events[-1]["reason"]
