"""The embedded engine with a real, very small model: the mechanics, not what the model knows."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Literal

import dspy
import httpx
import psutil
import pydantic
import pytest
from support.one_of_some_texts import check_one_of_some_texts

from cope import Cascade, CopeError, Team, load_preset, metered
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.lm import TierLM
from cope.models.weights import resolve as weights
from cope.models.weights.progress import DownloadBar

pytestmark = pytest.mark.live

STORY = "Tell a very long story about a robot."  # the model talks until it is stopped
CONTEXT = 512


class Reply(pydantic.BaseModel):
    colour: Literal["red", "green"]
    count: int


@pytest.fixture(scope="module", autouse=True)
def _weights() -> Path:
    """Brought once, as `cope ask` would."""
    with DownloadBar("smollm2-135m") as bar:
        return weights.resolve_weights("smollm2-135m", progress=bar)


def tier(slots: int) -> TierLM:
    """A language model on the engine; one thread, so that whatever else runs on the machine is no matter."""
    engine = EmbeddedEngine("smollm2-135m", slots=slots, context=CONTEXT, threads=1)
    return Team(engine, engine, cache=False, max_tokens=16)["small"].lm


@pytest.fixture(scope="module")
def lm() -> TierLM:
    return tier(8)


@pytest.fixture(scope="module")
def lone() -> TierLM:
    """With a single slot: a request waits for the one before it."""
    return tier(1)


def test_a_reply_with_its_counts(lm: TierLM):
    with metered() as meter:
        (text,) = lm("Name a colour.", temperature=0.0)
    (call,) = meter.calls
    assert text.strip() and call.model == "local/smollm2-135m"
    assert 5 < (call.prompt_tokens or 0) < 60 and 0 < (call.completion_tokens or 0) <= 16
    assert (call.seconds or 0) > 0 and (call.machine_seconds or 0) > 0 and call.usd is None


def test_a_reply_that_is_cut(lm: TierLM):
    with metered() as meter:
        lm(STORY, max_tokens=4)
    assert meter.calls[0].truncated and meter.calls[0].completion_tokens == 4


def test_it_stops_at_its_stop_text(lm: TierLM):
    (text,) = lm("Count: 1, 2, 3, 4, 5", temperature=0.0, stop=["."], max_tokens=40)
    assert "." not in text


def test_eight_at_once_share_their_prompt(lm: TierLM):
    async def eight() -> list[Any]:
        calls = (lm.acall(STORY, temperature=1.0, seed=seed, rollout_id=seed) for seed in range(8))
        return await asyncio.gather(*calls)

    lm(STORY)
    with metered() as meter:
        texts = [text for (text,) in asyncio.run(eight())]
    assert len(set(texts)) > 1 and all(text.strip() for text in texts)
    total = meter.total()
    assert total.calls == 8 and (total.completion_tokens or 0) > 8
    assert 0 < (total.cached_tokens or 0) < (total.prompt_tokens or 0)


def test_a_seed_repeats_a_lone_request(lone: TierLM):
    first, again, other = (
        lone(STORY, temperature=1.0, seed=seed, rollout_id=seed) for seed in (7, 7, 8)
    )
    assert first == again != other


def test_greedy_repeats_itself(lone: TierLM):
    assert lone("Name a colour.", temperature=0.0) == lone("Name a colour.", temperature=0.0)


@pytest.mark.parametrize("draft", ["smollm2-135m", "ngram"])
def test_greedy_replies_are_those_without_drafts(lone: TierLM, draft: str):
    engine = EmbeddedEngine("smollm2-135m", slots=1, context=CONTEXT, threads=1, draft=draft)
    drafted = Team(engine, engine, cache=False, max_tokens=16)["small"].lm
    prompt = "Repeat this line three times: one two three one two three one two three."
    with metered() as meter:
        assert drafted(prompt, temperature=0.0) == lone(prompt, temperature=0.0)
    call = meter.calls[0]
    if draft != "ngram":  # nothing may repeat in so short a reply
        assert call.draft_accepted and call.draft_accepted <= (call.drafted or 0)


def test_cancelling_frees_the_slot(lone: TierLM):
    """A request for hundreds of tokens is cancelled at its start; the next one does not wait for them."""

    async def scene() -> tuple[float, float]:
        started = time.perf_counter()
        await lone.acall(STORY, max_tokens=40, temperature=0.0)
        pace = (time.perf_counter() - started) / 40
        task = asyncio.ensure_future(lone.acall(STORY, max_tokens=CONTEXT - 64, temperature=0.0))
        await asyncio.sleep(10 * pace)
        task.cancel()
        cancelled = time.perf_counter()
        await asyncio.gather(task, return_exceptions=True)
        await lone.acall("Name a colour.", max_tokens=4, temperature=0.0)
        return time.perf_counter() - cancelled, pace

    with metered() as meter:
        waited, pace = asyncio.run(scene())
    call = next(call for call in meter.calls if call.cancelled)
    assert (call.prompt_tokens or 0) > 0 and 0 < (call.completion_tokens or 0) < 200
    assert waited < 150 * pace, "the engine went on with the cancelled request"


def test_cancelled_before_it_was_loaded():
    """A request that is given up while the weights load is not generated afterwards."""
    fresh = tier(2)

    async def scene() -> None:
        task = asyncio.ensure_future(fresh.acall(STORY, max_tokens=400))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await fresh.acall("Name a colour.", max_tokens=2)

    with metered() as meter:
        asyncio.run(scene())
    assert [call.completion_tokens for call in meter.calls] == [0, 2]


def test_log_probabilities(lm: TierLM):
    (output,) = lm("Name a colour.", temperature=0.0, logprobs=True, top_logprobs=3, max_tokens=6)
    scores = output["logprobs"].content
    assert "".join(score.token for score in scores).strip() == output["text"].strip()
    assert all(score.logprob <= 0 and 1 <= len(score.top_logprobs) <= 3 for score in scores)
    assert all(
        score.top_logprobs[0].token == score.token for score in scores
    )  # greedy takes the likeliest


def test_a_json_schema(lm: TierLM):
    for seed in range(3):
        (text,) = lm(
            "Describe an apple.", response_format=Reply, temperature=1.0, seed=seed, max_tokens=40
        )
        Reply.model_validate_json(text)


def test_one_of_some_texts(lm: TierLM):
    check_one_of_some_texts(lm)


def test_any_json(lm: TierLM):
    (text,) = lm(
        "Write {} as JSON.", response_format={"type": "json_object"}, temperature=0.0, max_tokens=60
    )
    assert text.startswith("{")


def test_dspys_json_adapter(lm: TierLM):
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        made = dspy.Predict("fruit -> is_red: bool")(fruit="apple", config={"max_tokens": 30})
    assert isinstance(made.is_red, bool)


@pytest.mark.parametrize("size", [CONTEXT, 5000])
def test_a_prompt_that_does_not_fit(lm: TierLM, size: int):
    with pytest.raises(
        dspy.ContextWindowExceededError, match=rf"has \d+ tokens and the model's context {CONTEXT}"
    ):
        lm("word " * size)
    assert lm("Name a colour.", max_tokens=2)


def test_weights_that_are_not_there():
    engine = EmbeddedEngine("/nowhere/model.gguf")
    with pytest.raises(dspy.LMError) as caught:
        Team(engine, engine, cache=False)["small"].lm("Hello")
    assert isinstance(caught.value.__cause__, CopeError) and "/nowhere/model.gguf" in str(
        caught.value
    )


def test_a_file_that_is_no_model(tmp_path: Path):
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(1000))
    engine = EmbeddedEngine(str(path))
    with pytest.raises(dspy.LMError) as caught:
        Team(engine, engine, cache=False)["small"].lm("Hello")
    assert isinstance(caught.value.__cause__, CopeError) and "broken.gguf" in str(caught.value)


def test_nothing_is_open_to_others(lm: TierLM):
    lm("Hello", max_tokens=1)
    listening = [
        c.laddr for c in psutil.Process().net_connections("inet") if c.status == psutil.CONN_LISTEN
    ]
    assert all(address.ip == "127.0.0.1" for address in listening)
    for address in listening:
        url = f"http://{address.ip}:{address.port}"
        body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
        assert httpx.post(f"{url}/v1/chat/completions", json=body).status_code == 401
        assert all(
            httpx.get(f"{url}{path}").status_code in (401, 403, 404, 501)
            for path in ("/", "/slots", "/props")
        )


@pytest.fixture
def team(lm: TierLM) -> Team:
    engine = lm.engine
    return Team(engine, engine, cache=False, max_tokens=24)


@pytest.mark.parametrize("preset", ["cope", "self-consistency"])
def test_a_cascade(team: Team, preset: str):
    program = Cascade(load_preset(preset).with_overrides(samples=2), team)
    prediction = program(question="Tom has 3 apples and buys 2 more. How many apples has he?")
    assert (
        1 <= prediction.round <= len(program.preset.rounds) and prediction.rounds[-1]["asked"] >= 1
    )
    assert json.loads(json.dumps(prediction.rounds)) and prediction.cost is None
    planned = [sample["plan"] for sample in prediction.rounds[0]["samples"]]
    assert preset != "cope" or any(planned)
    assert sum(line["completion_tokens"] for line in prediction.usage) > 0


def test_several_samples_of_a_prompt_read_it_once(lm: TierLM):
    preset = load_preset("self-consistency")
    engine = lm.engine
    counted: dict[str, tuple[int, int]] = {}
    for sampling in ("requests", "batch"):
        team = Team(engine, engine, cache=False, max_tokens=16, sampling=sampling)
        with metered() as meter:
            prediction = Cascade(preset, team, early_stop="none")(question=f"{STORY} {sampling}")
        read = sum((call.prompt_tokens or 0) - call.cached_tokens for call in meter.calls)
        counted[sampling] = (len(meter.calls), read)
        assert sum(call.completion_tokens or 0 for call in meter.calls) > len(meter.calls)
        assert prediction.rounds[0]["asked"] == len(meter.calls)
    assert counted["batch"][0] == counted["requests"][0] == preset.rounds[0].samples
    assert counted["batch"][1] < counted["requests"][1] / 2
