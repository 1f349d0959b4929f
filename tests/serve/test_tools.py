"""Requests with tools go to the last tier, uncascaded."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx
import pytest
from support.fault_server import Reply, faulty

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import ServeOptions, Service, make_app
from cope.serve.question import Question

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"at": {"type": "array", "items": {}}}},
    },
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
ASKED = [{"role": "user", "content": "Is it warm in Rome?"}]


def completion(message: dict[str, Any], reason: str) -> Reply:
    choice = {"index": 0, "message": message | {"role": "assistant"}, "finish_reason": reason}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "big"}
    return Reply(body | {"choices": [choice], "usage": usage})


def ignore(line: dict[str, Any]) -> None:
    """Write no log."""


def ask(
    service: Service, log: Callable[[dict[str, Any]], None] = ignore, **fields: Any
) -> httpx.Response:
    app = make_app(service, ServeOptions(log_prompts=True), log=log)
    body = {"model": "cope", "messages": ASKED, "tools": [TOOL]} | fields

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            return await http.post("/v1/chat/completions", json=body)

    return asyncio.run(run())


def served(address: str) -> Service:
    engine = ScriptedEngine(lambda messages, request: "Answer: 1")
    return Service(Cascade("cope", Team(engine, f"openai/big@{address}/v1", cache=False)))


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_tier_calls_the_tool(stream: bool) -> None:
    with faulty(completion({"content": None, "tool_calls": [CALL]}, "tool_calls")) as far:
        response = ask(served(far.address), stream=stream, tool_choice="auto")
        sent = far.bodies[0]
    assert sent["tools"][0]["function"]["name"] == "weather" and sent["tool_choice"] == "auto"
    if stream:
        first = json.loads(response.text.split("\n\n")[0].removeprefix("data: "))
        message, finish = first["choices"][0]["delta"], None
    else:
        choice = response.json()["choices"][0]
        message, finish = choice["message"], choice["finish_reason"]
        assert response.json()["usage"]["total_tokens"] == 10
    call = message["tool_calls"][0]
    assert call["function"]["name"] == "weather" and json.loads(call["function"]["arguments"]) == {}
    assert finish in (None, "tool_calls")


@pytest.mark.parametrize("stream", [False, True])
def test_requests_with_tools_are_logged_and_traced_as_others_are(stream: bool) -> None:
    lines: list[dict[str, Any]] = []
    spans: list[Question] = []

    def span(question: Question) -> AbstractContextManager[None]:
        spans.append(question)
        return nullcontext()

    with faulty(completion({"content": "Yes."}, "stop")) as far:
        service = served(far.address)
        service.span = span
        response = ask(service, log=lines.append, stream=stream)
    assert response.status_code == 200
    assert (lines[0]["model"], lines[0]["prompt_tokens"]) == ("cope", 7)
    assert lines[0]["prompt"] == "Is it warm in Rome?" == spans[0].text and len(spans) == 1


def test_tools_with_another_modality_are_refused_before_any_call() -> None:
    with faulty(completion({"content": "Yes."}, "stop")) as far:
        response = ask(served(far.address), modalities=["text", "audio"])
        assert response.status_code == 400 and not far.bodies
        assert response.json()["error"]["param"] == "modalities"


def test_results_of_tools_reach_the_model_and_a_text_comes_back() -> None:
    messages = [
        *ASKED,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"},
    ]
    with faulty(completion({"content": "Yes."}, "stop")) as far:
        response = ask(served(far.address), messages=messages)
        sent = far.bodies[0]["messages"]
    assert response.json()["choices"][0]["message"]["content"] == "Yes."
    assert sent[-1]["tool_call_id"] == "call_1" and sent[-2]["tool_calls"][0]["id"] == "call_1"


def test_a_last_tier_without_tools_refuses_them() -> None:
    engine = ScriptedEngine(lambda messages, request: "Answer: 1")
    response = ask(Service(Cascade("small", Team(engine, engine, cache=False))))
    assert response.status_code == 400 and "calls no tools" in response.json()["error"]["message"]
    assert not engine.requests


def test_a_stream_with_tools_says_that_it_waits() -> None:
    late = completion({"content": "Yes."}, "stop")
    with faulty(late) as far:
        app = make_app(served(far.address), ServeOptions(keep_alive=0.0), log=lambda line: None)
        body = {"model": "cope", "messages": ASKED, "tools": [TOOL], "stream": True}

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
                return await http.post("/v1/chat/completions", json=body)

        response = asyncio.run(run())
    assert response.text.startswith(": waiting") and response.text.endswith("data: [DONE]\n\n")
