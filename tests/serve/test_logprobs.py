"""Log-probabilities: of the answer's own tokens, or refused."""

import asyncio
import json
from typing import Any

import pytest
from support.api import ask, body, chunks, running
from support.fault_server import Reply, faulty

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service


def logged(*words: str) -> Reply:
    content = []
    for word in words:
        others = [{"token": text, "logprob": -2.0, "bytes": None} for text in ("x", "y")]
        content.append({"token": word, "logprob": -0.5, "bytes": None, "top_logprobs": others})
    choice = {"index": 0, "finish_reason": "stop", "logprobs": {"content": content}}
    choice["message"] = {"role": "assistant", "content": "".join(words)}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "big", "usage": usage}
    return Reply(body | {"choices": [choice]})


@pytest.mark.parametrize("stream", [False, True])
def test_the_answers_tokens_are_reported(stream: bool) -> None:
    with faulty(logged("four", "ty", " two")) as far:
        team = Team(*[f"openai/big@{far.address}/v1"] * 2, cache=False)
        service = Service(Cascade("small", team, domain="open"))
        response = ask(service, body(logprobs=True, top_logprobs=1, stream=stream))
        assert (far.bodies[0]["logprobs"], far.bodies[0]["top_logprobs"]) == (True, 1)
    if stream:
        found = [part["choices"][0]["logprobs"] for part in chunks(response)]
        (logprobs,) = [one for one in found if one]
    else:
        logprobs = response.json()["choices"][0]["logprobs"]
    assert [token["token"] for token in logprobs["content"]] == ["four", "ty", " two"]
    first = logprobs["content"][0]
    assert first["logprob"] == -0.5 and first["bytes"] == list(b"four")
    assert [other["token"] for other in first["top_logprobs"]] == ["x"]


LOGPROBS = {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]}


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(part.split("data: ")[1]) for part in text.split("\n\n") if "data: " in part]


@pytest.mark.parametrize("stream", [False, True])
def test_responses_report_the_answers_tokens(stream: bool) -> None:
    asked = {"model": "cope", "input": "How many?", "top_logprobs": 1} | LOGPROBS
    with faulty(logged("four", "ty", " two")) as far:
        team = Team(*[f"openai/big@{far.address}/v1"] * 2, cache=False)
        service = Service(Cascade("small", team, domain="open"))
        response = ask(service, asked | {"stream": stream}, "/v1/responses")
        assert (far.bodies[0]["logprobs"], far.bodies[0]["top_logprobs"]) == (True, 1)
    if stream:
        parts = events(response.text)
        found = [part["logprobs"] for part in parts if part.get("logprobs")]
        found.append(parts[-1]["response"]["output"][1]["content"][0]["logprobs"])
        assert len(found) == 3, "of a delta, of the whole text, and of the response"
    else:
        found = [response.json()["output"][1]["content"][0]["logprobs"]]
    for tokens in found:
        assert [token["token"] for token in tokens] == ["four", "ty", " two"]
        assert tokens[0]["bytes"] == list(b"four") and tokens[0]["logprob"] == -0.5
        assert [other["token"] for other in tokens[0]["top_logprobs"]] == ["x"]


@pytest.mark.parametrize(
    ("preset", "domain", "fields", "status"),
    [
        ("cope", "open", LOGPROBS, 400),
        ("small", "short-answer", LOGPROBS, 400),
        ("small", "open", {"top_logprobs": 2}, 400),
        ("small", "open", {"top_logprobs": 21} | LOGPROBS, 400),
        ("small", "open", {"include": "message.output_text.logprobs"}, 400),
        ("small", "open", {"include": ["reasoning.encrypted_content"], "top_logprobs": 0}, 200),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_responses_refuse_log_probabilities_as_chat_does(
    preset: str, domain: str, fields: dict[str, Any], status: int, stream: bool
) -> None:
    engine = ScriptedEngine(lambda messages, request: "42")
    service = Service(Cascade(preset, Team(engine, engine, cache=False), domain=domain))
    asked = {"model": "cope", "input": "How many?", "stream": stream} | fields
    response = ask(service, asked, "/v1/responses")
    assert response.status_code == status and bool(engine.requests) == (status == 200)
    if status == 400:
        param = response.json()["error"]["param"]
        assert "logprobs" in param or "include" in param


@pytest.mark.parametrize(
    ("preset", "domain", "fields"),
    [
        ("cope", "open", {"logprobs": True}),
        ("self-consistency", "open", {"logprobs": True}),
        ("small", "short-answer", {"logprobs": True}),
        ("small", "open", {"top_logprobs": 2}),
        ("small", "open", {"logprobs": True, "top_logprobs": 21}),
    ],
)
def test_log_probabilities_are_refused_where_no_single_sample_is_the_answer(
    preset: str, domain: str, fields: dict[str, Any]
) -> None:
    engine = ScriptedEngine(lambda messages, request: "42")
    service = Service(Cascade(preset, Team(engine, engine, cache=False), domain=domain))
    response = ask(service, body(**fields))
    assert response.status_code == 400 and not engine.requests
    assert "logprobs" in response.json()["error"]["param"]


@pytest.mark.slow
def test_the_openai_package_reads_them() -> None:
    import openai

    async def run() -> None:
        with faulty(logged("four", "ty", " two")) as far:
            team = Team(*[f"openai/big@{far.address}/v1"] * 2, cache=False)
            service = Service(Cascade("small", team, domain="open"))
            asked: Any = {"model": "cope", "input": "How many?", "top_logprobs": 1}
            asked["include"] = ["message.output_text.logprobs"]
            async with (
                running(service) as address,
                openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none") as api,
            ):
                whole = await api.responses.create(**asked)
                async with api.responses.stream(**asked) as stream:
                    parts = [event async for event in stream]
                    streamed = await stream.get_final_response()
        deltas = [part for part in parts if part.type == "response.output_text.delta"]
        tokens = [token.token for delta in deltas for token in delta.logprobs]
        assert tokens == ["four", "ty", " two"]
        for response in (whole, streamed):
            message: Any = response.output[1]
            found = message.content[0].logprobs
            assert [token.token for token in found] == tokens and response.top_logprobs == 1
            assert found[0].bytes == list(b"four") and found[0].top_logprobs[0].token == "x"

    asyncio.run(run())
