"""The Ollama engine against a server of this test's own: what is sent, and what comes back."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, Team
from cope.models import Price, metered
from cope.models.engines.ollama import OllamaEngine
from cope.models.hosts import default_host
from cope.models.lm import TierLM

Part = dict[str, Any] | Callable[[], Any]


def said(*pieces: str, prompt: int = 20, reason: str = "stop", **more: Any) -> list[Part]:
    """A reply in the server's words: a part for each piece, and the last with the counts."""
    parts: list[Part] = [
        {"message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces
    ]
    counts = {"prompt_eval_count": prompt, "eval_count": len(pieces) + 1, "done_reason": reason}
    return [
        *parts,
        {"message": {"role": "assistant", "content": ""}, "done": True, **counts, **more},
    ]


def model(ollama_server: Any, price: Price | None = None, **settings: Any) -> TierLM:
    engine = OllamaEngine("qwen2.5:3b", ollama_server.address, **settings)
    team = Team(engine, engine, cache=False, prices={"small": price} if price else None)
    return team["small"].lm


# What is sent


def test_the_request(ollama_server: Any):
    lm = model(ollama_server, context=777, keep_alive="5m", think=False, num_thread=3)
    messages = [{"role": "system", "content": "Solve."}, {"role": "user", "content": "6 * 7?"}]
    with pytest.warns(DeprecationWarning, match="messages="):
        assert lm(
            messages=messages, temperature=0.8, max_tokens=64, seed=5, stop=["\n\n"], top_p=0.9
        ) == ["Answer: 42"]
    assert ollama_server.paths == ["/api/chat"]
    assert ollama_server.bodies == [
        {
            "model": "qwen2.5:3b",
            "messages": messages,
            "stream": True,
            "keep_alive": "5m",
            "think": False,
            "truncate": False,
            "shift": False,
            "options": {
                "num_ctx": 777,
                "num_predict": 64,
                "num_thread": 3,
                "temperature": 0.8,
                "seed": 5,
                "stop": ["\n\n"],
                "top_p": 0.9,
                "top_k": 40,
                "min_p": 0.0,
                "repeat_penalty": 1.0,
            },
        }
    ]


def test_what_is_not_wanted_is_not_sent(ollama_server: Any):
    model(ollama_server)("6 * 7?", temperature=0.0)
    (body,) = ollama_server.bodies
    assert not {"think", "format", "logprobs", "top_logprobs"} & body.keys()
    assert not {"seed", "stop", "num_thread"} & body["options"].keys()
    assert (body["options"]["num_ctx"], body["options"]["temperature"], body["keep_alive"]) == (
        2048,
        0.0,
        "30m",
    )


def test_a_json_schema(ollama_server: Any):
    ollama_server.replies = [said('{"value": ', "42}")]
    with dspy.context(lm=model(ollama_server), adapter=dspy.JSONAdapter()):
        assert dspy.Predict("question -> value: int")(question="6 * 7?").value == 42
    schema = ollama_server.bodies[0]["format"]
    assert schema["properties"]["value"]["type"] == "integer" and schema["required"] == ["value"]


def test_any_json(ollama_server: Any):
    ollama_server.replies = [said("{}")]
    model(ollama_server)("6 * 7?", response_format={"type": "json_object"})
    assert ollama_server.bodies[0]["format"] == "json"


def test_log_probabilities(ollama_server: Any):
    score = {"token": "42", "logprob": -0.25, "top_logprobs": [{"token": "42", "logprob": -0.25}]}
    part = {"message": {"role": "assistant", "content": "42"}, "done": False, "logprobs": [score]}
    ollama_server.replies = [[part, *said()]]
    (output,) = model(ollama_server)("6 * 7?", logprobs=True, top_logprobs=3)
    assert (ollama_server.bodies[0]["logprobs"], ollama_server.bodies[0]["top_logprobs"]) == (
        True,
        3,
    )
    assert output["text"] == "42" and output["logprobs"].content[0].logprob == -0.25


@pytest.mark.slow
def test_samples_share_all_but_their_seed(ollama_server: Any):
    team = Team(
        OllamaEngine("m", ollama_server.address),
        OllamaEngine("m", ollama_server.address),
        cache=False,
    )
    prediction = Cascade("self-consistency", team, early_stop="none")(question="6 * 7?")
    assert prediction.votes == {"42": 8}
    assert len({body["options"].pop("seed") for body in ollama_server.bodies}) == 8
    assert len({json.dumps(body) for body in ollama_server.bodies}) == 1


# What comes back


@pytest.mark.parametrize(("reason", "truncated"), [("stop", False), ("length", True)])
def test_a_reply_with_its_counts(ollama_server: Any, reason: str, truncated: bool):
    ollama_server.replies = [said("Answer", ": ", "42", prompt=31, reason=reason)]
    with metered() as meter:
        assert model(ollama_server, Price(1e6, 1e6))("6 * 7?") == ["Answer: 42"]
    (call,) = meter.calls
    assert (call.prompt_tokens, call.completion_tokens, call.usd) == (31, 4, 35.0)
    assert call.truncated is truncated and call.model == "ollama/qwen2.5:3b"


def test_thoughts_are_no_part_of_the_reply(ollama_server: Any):
    part = {"message": {"role": "assistant", "content": "", "thinking": "Hm."}, "done": False}
    ollama_server.replies = [[part, *said("42")]]
    assert model(ollama_server, think=True)("6 * 7?") == ["42"]
    assert ollama_server.bodies[0]["think"] is True


def test_it_works_on_several_event_loops(ollama_server: Any):
    lm = model(ollama_server)
    for _ in range(3):
        assert asyncio.run(lm.acall("6 * 7?")) == ["Answer: 42"]
    assert lm("6 * 7?") == ["Answer: 42"]


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:11500", "http://127.0.0.1:11500"),
        (":11500", "http://127.0.0.1:11500"),
        ("127.0.0.1:11535", "http://127.0.0.1:11535"),
        ("localhost", "http://localhost:11434"),
        ("http://box:11500/", "http://box:11500"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("http://box", "http://box:80"),
        ("https://ollama.example.org", "https://ollama.example.org:443"),
        ("[::]:11500", "http://[::1]:11500"),
        ("[::1]:11500", "http://[::1]:11500"),
    ],
)
def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch, value: str, host: str):
    monkeypatch.setenv("OLLAMA_HOST", value)
    assert default_host() == host


@pytest.mark.parametrize("value", ["127.0.0.1:port", "[::1", "127.0.0.1:99999"])
def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("OLLAMA_HOST", value)
    with pytest.raises(
        CopeError, match=r"OLLAMA_HOST is .* which is not an address: write it as 127.0.0.1:11434"
    ):
        Team("ollama/m")
