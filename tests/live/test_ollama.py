"""The Ollama engine with a real server, the one at OLLAMA_HOST, and a real, very small model."""

import asyncio
import json
import time
from typing import Any, Literal

import dspy
import ollama
import pydantic
import pytest
from support.ollama_servers import CONTEXT, NAME, STORY, answers, create, tier
from support.one_of_some_texts import check_one_of_some_texts

from cope import Cascade, CopeError, Team, load_preset, metered
from cope.models.engines.ollama import OllamaEngine, default_host
from cope.models.lm import TierLM

pytestmark = pytest.mark.live


class Reply(pydantic.BaseModel):
    colour: Literal["red", "green"]
    count: int


@pytest.fixture(scope="module")
def host() -> str:
    host = default_host()
    if not answers(host):
        pytest.fail(
            f"no Ollama server answers at {host}: start one with `ollama serve`, or set OLLAMA_HOST"
        )
    create(host)
    return host


@pytest.fixture(scope="module")
def lm(host: str) -> TierLM:
    return tier(host)


def test_a_reply_with_its_counts(lm: TierLM):
    with metered() as meter:
        (text,) = lm("Name a colour.", temperature=0.0)
    (call,) = meter.calls
    assert text.strip() and "<|im_" not in text and call.model == f"ollama/{NAME}"
    assert 5 < (call.prompt_tokens or 0) < 60 and 0 < (call.completion_tokens or 0) <= 17
    assert (call.seconds or 0) > 0 and call.usd is None


def test_a_reply_that_is_cut(lm: TierLM):
    with metered() as meter:
        lm(STORY, max_tokens=4)
    assert meter.calls[0].truncated and meter.calls[0].completion_tokens == 4


def test_it_stops_at_its_stop_text(lm: TierLM):
    (text,) = lm("Count: 1, 2, 3, 4, 5", temperature=0.0, stop=["."], max_tokens=40)
    assert "." not in text


def test_eight_at_once(lm: TierLM):
    async def eight() -> list[Any]:
        calls = (lm.acall(STORY, temperature=1.0, seed=seed, rollout_id=seed) for seed in range(8))
        return await asyncio.gather(*calls)

    with metered() as meter:
        texts = [text for (text,) in asyncio.run(eight())]
    assert len(set(texts)) > 1 and all(text.strip() for text in texts)
    assert meter.total().calls == 8 and len({call.prompt_tokens for call in meter.calls}) == 1


def test_a_seed_repeats_a_lone_request(lm: TierLM):
    first, again, other = (
        lm(STORY, temperature=1.0, seed=seed, rollout_id=seed) for seed in (7, 7, 8)
    )
    assert first == again != other


def test_cancelling_stops_the_server(host: str, lm: TierLM):
    """A request for thousands of tokens is cancelled at its start; soon after the server can unload the model."""

    async def scene() -> None:
        task = asyncio.ensure_future(long.acall(STORY, max_tokens=4000, temperature=0.0))
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    long = tier(host, context=4096)
    long("Hello", max_tokens=1)  # loaded, with that context
    with metered() as meter:
        asyncio.run(scene())
    (call,) = meter.calls
    assert call.cancelled and (call.completion_tokens or 0) < 3000
    started = time.perf_counter()
    ollama.Client(host).generate(
        NAME, keep_alive=0
    )  # an unloading waits for the requests in progress
    while NAME in str(ollama.Client(host).ps()) and time.perf_counter() - started < 30:
        time.sleep(0.1)
    assert time.perf_counter() - started < 10
    assert lm("Name a colour.", max_tokens=2)


def test_log_probabilities(lm: TierLM):
    (output,) = lm("Name a colour.", temperature=0.0, logprobs=True, top_logprobs=3, max_tokens=6)
    scores = output["logprobs"].content
    assert "".join(score.token for score in scores).strip() == output["text"].strip()
    assert all(score.logprob <= 0 and 1 <= len(score.top_logprobs) <= 3 for score in scores)


def test_a_json_schema(lm: TierLM):
    for seed in range(3):
        (text,) = lm(
            "Describe an apple.", response_format=Reply, temperature=1.0, seed=seed, max_tokens=40
        )
        Reply.model_validate_json(text)


def test_one_of_some_texts(lm: TierLM):
    check_one_of_some_texts(lm)


def test_the_context_is_the_one_that_was_asked_for(host: str):
    """The server's own default is another; a prompt between the two fits one engine and not the other."""
    prompt = "word " * 700
    with pytest.raises(dspy.ContextWindowExceededError):
        tier(host, context=CONTEXT)(prompt)
    with metered() as meter:
        assert tier(host, context=1024)(prompt, max_tokens=2)
    assert 700 <= (meter.calls[0].prompt_tokens or 0) < 1024


@pytest.mark.parametrize("size", [CONTEXT, 5000])
def test_a_prompt_that_does_not_fit_is_refused_and_not_cut(lm: TierLM, size: int):
    with pytest.raises(dspy.ContextWindowExceededError, match=f"context of {CONTEXT} tokens"):
        lm("word " * size)
    assert lm("Name a colour.", max_tokens=2)


def test_a_model_that_is_not_there(host: str):
    engine = OllamaEngine("cope-test-none", host)
    with pytest.raises(dspy.LMError) as caught:
        Team(engine, engine, cache=False)["small"].lm("Hello")
    assert isinstance(caught.value.__cause__, CopeError)
    assert "download it with `cope models pull ollama/cope-test-none`" in str(caught.value)


def test_thinking_that_the_model_cannot(host: str):
    with pytest.raises(dspy.LMError) as caught:
        tier(host, think=True)("Hello")
    assert isinstance(caught.value.__cause__, CopeError) and "think" in str(caught.value)


def test_a_cascade(host: str):
    engine = OllamaEngine(NAME, host, context=CONTEXT, num_thread=1)
    program = Cascade(
        load_preset("cope").with_overrides(samples=2),
        Team(engine, engine, cache=False, max_tokens=24),
    )
    prediction = program(question="Tom has 3 apples and buys 2 more. How many apples has he?")
    assert 1 <= prediction.round <= 3 and any(
        sample["plan"] for sample in prediction.rounds[0]["samples"]
    )
    assert json.loads(json.dumps(prediction.rounds)) and prediction.cost is None
