"""Log-probabilities: of the answer's own tokens, or refused."""

from typing import Any

import pytest
from support.api import ask, body, chunks
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
