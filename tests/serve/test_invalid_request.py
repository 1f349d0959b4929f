"""Requests of a wrong form: the field that is wrong is named, and no model is called."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from support.api import CHAT, ask, body, client

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service

RESPONSES = "/v1/responses"


def made() -> tuple[ScriptedEngine, Service]:
    engine = ScriptedEngine(lambda messages, request: "42")
    return engine, Service(Cascade("small", Team(engine, engine, cache=False), domain="open"))


def send(service: Service, path: str, content: bytes, kind: str) -> httpx.Response:
    async def post() -> httpx.Response:
        async with client(service) as http:
            return await http.post(path, content=content, headers={"Content-Type": kind})

    return asyncio.run(post())


@pytest.mark.parametrize(
    ("path", "fields", "param", "said"),
    [
        (CHAT, {"stop": 5}, "stop", "valid string"),
        (CHAT, {"stop": ["a"] * 17}, "stop", "at most 16 items"),
        (CHAT, {"stop": ["a", None]}, "stop.1", "valid string"),
        (CHAT, {"stop": "x" * 1_001}, "stop", "at most 1000 characters"),
        (CHAT, {"stop": ["\ud800"]}, "stop.0", "unicode"),
        (CHAT, {"messages": [{"role": "user", "content": 5}]}, "messages.0.content", "string"),
        (CHAT, {"messages": [{"content": "Hi"}]}, "messages.0.role", "required"),
        (CHAT, {"messages": [{"role": "user", "content": [{}]}]}, "messages.0.content.0.type", ""),
        (CHAT, {"response_format": {}}, "response_format.type", "required"),
        (CHAT, {"modalities": ["text", "audio"]}, "modalities", "only text"),
        (CHAT, {"n": 17}, "n", "16"),
        (RESPONSES, {"input": 5}, "input", "string"),
        (RESPONSES, {"input": [{"content": [{"type": 1}]}]}, "input.0.content.0.type", "string"),
        (RESPONSES, {"input": [{"content": "Hi"}]}, "input", "no role"),
        (RESPONSES, {"metadata": {"a": "\ud800"}}, "metadata.a", "unicode"),
        (RESPONSES, {"metadata": {"a": {}}}, "metadata.a", "string"),
        (RESPONSES, {"input": [{"type": "reasoning"}]}, "input", "at least 1 item"),
        (RESPONSES, {"text": {"format": {"type": "json_schema"}}}, "text.format", "required"),
        (RESPONSES, {"background": True}, "background", "not stored"),
        (RESPONSES, {"conversation": "conv_1"}, "conversation", "not stored"),
        (RESPONSES, {"previous_response_id": "resp_1"}, "previous_response_id", "not stored"),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}, "prompt", "not stored"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_wrong_field_is_named(
    path: str, fields: dict[str, Any], param: str, said: str, stream: bool
) -> None:
    engine, service = made()
    whole = body() if path == CHAT else {"model": "cope", "input": "What is 6 times 7?"}
    request = json.dumps(whole | {"stream": stream} | fields)  # half a character as an escape
    response = send(service, path, request.encode(), "application/json")
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, param), error
    assert said in error["message"] and not engine.requests


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", "application/json", "one JSON object"),
        (b"[]", "application/json", "one JSON object"),
        (b"null", "application/json", "one JSON object"),
        (b"{", "application/json", "is no JSON"),
        (b"\xff\xfe{}", "application/json", "is no JSON"),
        (b'{"model": "cope"}', "text/plain", "Content-Type: application/json"),
    ],
)
@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_what_is_no_object_is_refused(path: str, content: bytes, kind: str, said: str) -> None:
    response = send(made()[1], path, content, kind)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, None) and said in error["message"]


def test_options_that_clients_send_as_null_are_left_out() -> None:
    _, service = made()
    options = {"stream": True, "stream_options": {"include_usage": None}, "stop": None, "n": None}
    assert ask(service, body(**options)).status_code == 200
