"""The Ollama engine with a real server, the one at OLLAMA_HOST, and a real, very small model."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import dspy
import httpx
import ollama
import pydantic
import pytest

from cope import Cascade, CopeError, Team, load_preset, metered
from cope.models.engines.ollama import OllamaEngine, default_host
from cope.models.lm import TierLM
from cope.models.weights import resolve as weights

pytestmark = pytest.mark.live

NAME = "cope-test-smollm2"
STORY = "Tell a very long story about a robot."  # the model talks until it is stopped
CONTEXT = 512
TEMPLATE = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""


class Reply(pydantic.BaseModel):
    colour: Literal["red", "green"]
    count: int


def answers(host: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{host}/api/version", timeout=5).status_code == 200
    return False


def create(host: str) -> None:
    """The model from the weights that the embedded engine uses, with the markup they were trained with."""
    client = ollama.Client(host, timeout=300)
    digest = client.create_blob(weights.resolve_weights("smollm2-135m"))
    client.create(
        NAME, files={"smollm2.gguf": digest}, template=TEMPLATE, parameters={"stop": ["<|im_end|>"]}
    )


@pytest.fixture(scope="module")
def host() -> str:
    host = default_host()
    if not answers(host):
        pytest.fail(
            f"no Ollama server answers at {host}: start one with `ollama serve`, or set OLLAMA_HOST"
        )
    create(host)
    return host


def tier(host: str, **settings: Any) -> TierLM:
    engine = OllamaEngine(NAME, host, **{"context": CONTEXT, "num_thread": 1, **settings})
    return Team(engine, engine, cache=False, max_tokens=16)["small"].lm


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


# A server of this test's own, which may be stopped


class OwnServer:
    """An Ollama server on a free port, with an empty folder of models."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("ollama") or weights.cache_dir() / "ollama" / "bin" / "ollama"
        if not Path(found).exists():
            pytest.fail(
                f"no ollama on PATH and none at {found}: install it, or build one with .ci/ollama"
            )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.command = [str(found), "serve"]
        self.environment = os.environ | {
            "OLLAMA_HOST": self.host,
            "OLLAMA_MODELS": str(folder),
            "OLLAMA_NO_CLOUD": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # A group of its own: the server runs a process for each model, and they end together.
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + 60
        while not answers(self.host):
            assert time.monotonic() < limit and self.process.poll() is None, (
                "the test's own server does not start"
            )
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path_factory.mktemp("ollama"))
    server.start()
    try:
        create(server.host)
        yield server
    finally:
        server.stop()


@pytest.fixture
def started(own: OwnServer) -> OwnServer:
    """The server, running, with the model loaded."""
    if own.process is None:
        own.start()
    tier(own.host)("Hello", max_tokens=1)
    return own


class Watched(OllamaEngine):
    """Tells when the first word of a reply has come."""

    began = threading.Event()

    async def _stream(self, request: Any) -> AsyncIterator[dict[str, Any]]:
        async for part in super()._stream(request):
            self.began.set()
            yield part


def stopped_in_the_middle(server: OwnServer, *, again: bool) -> list[str]:
    """Ask for a long reply, and kill the server while it is being made; start it again or not."""
    engine = Watched(NAME, server.host, context=CONTEXT, num_thread=1)
    engine.began.clear()

    def trouble() -> None:
        engine.began.wait(60)
        server.stop()
        if again:
            server.start()

    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        return Team(engine, engine, cache=False)["small"].lm(STORY, max_tokens=200, temperature=0.0)
    finally:
        thread.join()


def test_a_server_that_is_stopped_in_the_middle_is_one_clear_error(started: OwnServer):
    begun = time.perf_counter()
    with metered() as meter, pytest.raises(dspy.LMTransportError) as caught:
        stopped_in_the_middle(started, again=False)
    assert time.perf_counter() - begun > 7, "DSPy waits 1, 2 and 4 seconds before it asks again"
    message = str(caught.value)
    assert f"no answer from Ollama at {started.host}" in message and "`ollama serve`" in message
    assert "\n" not in message and meter.calls == []


def test_a_server_that_comes_back_is_asked_again(started: OwnServer):
    assert stopped_in_the_middle(started, again=True)[0].strip()
