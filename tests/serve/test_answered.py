"""Answers of every interface are explained, each to the key that asked, in bounded memory."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.api import body

from cope import Cascade
from cope.programs.events import Planned
from cope.serve import Access, ServeOptions, Service, make_app
from cope.serve.accounts import Account, Accounts, Limits
from cope.serve.answered import Answered, AnsweredQuestion
from cope.serve.errors import ApiError
from cope.serve.question import Question

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
PROMPT: dict[str, Any] = {"model": "cope", "input": "What is 6 times 7?"}


def explanation(reply: httpx.Response) -> dict[str, Any]:
    """Return the result of a call of the tool, which is a server-sent event or plain JSON."""
    text = reply.text
    if "data: " in text:
        text = text.split("data: ", 1)[1]
    result: dict[str, Any] = json.loads(text)["result"]
    return result


@pytest.mark.parametrize(
    ("path", "request_body", "suffix"),
    [
        (CHAT, body(), ""),
        (CHAT, body(n=2), "/1"),
        (CHAT, body(n=2, stream=True), "/1"),
        (RESPONSES, PROMPT, ""),
        (RESPONSES, PROMPT | {"stream": True}, ""),
    ],
)
def test_the_tool_explains_an_answer_to_the_key_that_asked(
    scripted: Callable[..., Any], path: str, request_body: dict[str, Any], suffix: str
) -> None:
    team = scripted(lambda ask: "Add." if ask.role == "plan" else "So.\nAnswer: 42").team
    accounts = Accounts(":memory:")
    keys = [accounts.add(name, Limits()) for name in ("mary", "john")]
    access = Access(accounts, needs_key=True)
    app = make_app(Service(Cascade("cope", team)), access=access, log=lambda line: None)

    async def run() -> list[dict[str, Any]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            headers = [{"Authorization": f"Bearer {key}"} for key in keys]
            reply = await http.post(path, json=request_body, headers=headers[0])
            found = re.search(r'"id": ?"((?:chatcmpl-|resp_)\w+)"', reply.text)
            assert found is not None
            call = {"name": "explain", "arguments": {"id": found[1] + suffix}}
            rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
            accepts = {"Accept": "application/json, text/event-stream"}
            replies = []
            for header in headers:
                replies.append(await http.post("/mcp", json=rpc, headers=accepts | header))
            return [explanation(reply) for reply in replies]

    mine, others = asyncio.run(run())
    explained = mine["structuredContent"]
    assert explained["answer"] == "42" and "6 times 7" in explained["question"]
    (round_,) = explained["rounds"]
    assert round_["accepted"] and round_["votes"]["42"] >= 6 and round_["plans"][0] == "Add."
    assert others["isError"] and "no answer has this id" in others["content"][0]["text"]


def test_one_of_several_processes_answers_the_tools_but_explains_nothing(
    scripted: Callable[..., Any],
) -> None:
    """The next request may be another process's, so only what needs no memory is answered."""
    team = scripted(lambda ask: "Add." if ask.role == "plan" else "So.\nAnswer: 42").team
    service = Service(Cascade("cope", team))
    app = make_app(service, ServeOptions(workers=2), log=lambda line: None)

    async def run() -> list[dict[str, Any]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            accepts = {"Accept": "application/json, text/event-stream"}
            replies = []
            arguments: dict[str, Any] = {"question": "What is 6 times 7?"}
            for name in ("ask", "explain"):
                call = {"name": name, "arguments": arguments}
                rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
                replies.append(explanation(await http.post("/mcp", json=rpc, headers=accepts)))
                arguments = {"id": replies[0]["structuredContent"]["id"]}
            return replies

    asked, explained = asyncio.run(run())
    assert asked["structuredContent"]["answer"] == "42" and not asked["isError"]
    assert explained["isError"] and "--workers 1" in explained["content"][0]["text"]


def answered(chars: int) -> AnsweredQuestion:
    return AnsweredQuestion(Question("q" * chars), "a", (Planned(1, None, "p" * chars),))


@pytest.mark.parametrize(
    ("most", "most_chars", "chars", "kept"), [(3, 10**6, 10, 3), (100, 10_000, 900, 4)]
)
def test_few_answers_and_little_text_are_kept(
    most: int, most_chars: int, chars: int, kept: int
) -> None:
    answers = Answered(most, most_chars)
    for number in range(20):
        answers.add(None, str(number), answered(chars))
    for number in range(20):
        if number >= 20 - kept:
            assert answers.find(None, str(number))
            continue
        with pytest.raises(ApiError):
            answers.find(None, str(number))


def test_an_answer_that_is_too_large_is_not_kept() -> None:
    answers = Answered(most_chars=1_000)
    answers.add(None, "1", answered(2_000))
    with pytest.raises(ApiError):
        answers.find(None, "1")


def test_a_key_that_was_made_anew_under_the_same_name_is_another() -> None:
    answers = Answered()
    first, second = (Account("mary", Limits(), created) for created in ("2026-01-01", "2026-01-02"))
    answers.add(first, "1", answered(1))
    assert answers.find(first, "1")
    with pytest.raises(ApiError):
        answers.find(second, "1")
