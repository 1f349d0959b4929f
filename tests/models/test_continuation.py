"""Engines continue a reply that has begun: what they are sent, and what comes back."""

from typing import Any

import dspy
import pytest
from support.fault_server import Reply, faulty

from cope import Team
from cope.models import ScriptedEngine
from cope.models.continuation import (
    ContinuingAdapter,
    StartAdapter,
    can_continue,
    continuation_settings,
)
from cope.models.engines.embedded import _request_body
from cope.models.engines.ollama import OllamaEngine

SOLVE = dspy.Signature("question -> reasoning, answer")
START = "Two and two\nare"
USAGE = {"prompt_tokens": 30, "completion_tokens": 4}
MESSAGE = {"role": "assistant", "content": " four.\nAnswer: 4"}
CHAT = Reply({"model": "m", "choices": [{"index": 0, "message": MESSAGE}], "usage": USAGE})


def test_the_start_ends_the_prompt_and_begins_the_answer() -> None:
    adapter = ContinuingAdapter(START)
    messages = adapter.format(SOLVE, [], {"question": "2 + 2?"})
    assert messages[-1] == {"role": "assistant", "content": START}
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert adapter.parse(SOLVE, " four.\nAnswer: 4") == {
        "reasoning": "Two and two\nare four.",
        "answer": "4",
    }


@pytest.mark.parametrize("cut", ["Two and", "", "Answer: ", "```python\ndef f("])
def test_a_cut_reply_is_kept_as_it_is(cut: str) -> None:
    assert set(StartAdapter("").parse(SOLVE, cut).values()) == {cut}


def test_the_local_engines_send_the_start_as_the_last_message() -> None:
    """Of llama.cpp and Ollama, the template leaves a last message of the assistant open."""
    requests: list[Any] = []
    engine = ScriptedEngine(lambda messages, request: requests.append(request) or "x")  # type: ignore[func-returns-value]
    team = Team(engine, engine, cache=False)
    with team["small"].context(ContinuingAdapter(START)):
        dspy.Predict(SOLVE)(question="2 + 2?")
    for body in (_request_body(requests[0]), OllamaEngine("m")._request_body(requests[0])):
        assert body["messages"][-1] == {"role": "assistant", "content": START}


@pytest.mark.parametrize(
    ("model", "adapter", "continues"),
    [
        ("local/qwen2.5-coder-0.5b", "lean", True),
        ("local/qwen2.5-coder-0.5b", "chat", False),
        ("ollama/m@http://127.0.0.1:9", "lean", True),
        ("hosted_vllm/m@http://127.0.0.1:9/v1", "lean", True),
        ("hosted_vllm/m@http://127.0.0.1:9/v1", "json", False),
        ("openai/m@http://127.0.0.1:9/v1", "lean", False),
        ("openai/gpt-4o-mini", "lean", False),
    ],
)
def test_which_tiers_continue_replies(model: str, adapter: str, continues: bool) -> None:
    tier = Team("local/qwen2.5-coder-0.5b", model, adapter=adapter)["large"]
    assert can_continue(tier) == continues


@pytest.mark.parametrize("model", ["hosted_vllm/m", "vllm/m", "openai/m", "local/m"])
def test_vllm_alone_has_settings_to_continue(model: str) -> None:
    address = "" if model.startswith("local/") else "@http://127.0.0.1:9/v1"
    settings = continuation_settings(Team("local/s", f"{model}{address}")["large"])
    names = {"continue_final_message": True, "add_generation_prompt": False}
    assert settings == (names if "vllm" in model else {})


@pytest.mark.slow  # DSPy imports LiteLLM for such a model, which takes seconds
def test_vllm_is_told_to_continue_the_last_message() -> None:
    with faulty(CHAT) as server:
        team = Team("local/s", f"hosted_vllm/m@{server.address}/v1", cache=False)
        tier = team["large"]
        with tier.context(ContinuingAdapter(START)):
            made = dspy.Predict(SOLVE)(question="2 + 2?", config=continuation_settings(tier))
    (body,) = server.bodies
    assert body["messages"][-1] == {"role": "assistant", "content": START}
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert made.answer == "4" and made.reasoning == "Two and two\nare four."
