"""The Ollama engine against a server that fails, hangs, cuts, or is left."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import dspy
import pytest
from support.retries import note_pauses
from support.sweeps import sweep

from cope import Cascade, CopeError, Team
from cope.models import Price, metered
from cope.models.engines.ollama import OllamaEngine
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


def cut() -> None:
    """Ends the connection in the middle of a reply."""
    raise ConnectionAbortedError


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pause before each retry, and leave it out."""
    return note_pauses(monkeypatch)


def model(ollama_server: Any, price: Price | None = None, **settings: Any) -> TierLM:
    engine = OllamaEngine("qwen2.5:3b", ollama_server.address, **settings)
    team = Team(engine, engine, cache=False, prices={"small": price} if price else None)
    return team["small"].lm


@pytest.mark.parametrize(
    "reply",
    [
        said("42", prompt=2048),
        (400, "the input length exceeds the context length"),
        (400, "prompt is too long: the request exceeds the available context size"),
    ],
    ids=["filled", "refused", "refused by the runner"],
)
def test_a_prompt_that_does_not_fit(ollama_server: Any, reply: Any):
    ollama_server.replies = [reply]
    with pytest.raises(
        dspy.ContextWindowExceededError, match=r"context of 2048 tokens: shorten it or set a larger"
    ):
        model(ollama_server)("long")
    assert len(ollama_server.bodies) == 1


def test_a_model_that_is_not_there(ollama_server: Any):
    ollama_server.replies = [(404, "model 'qwen2.5:3b' not found")]
    with pytest.raises(dspy.LMError) as caught:
        model(ollama_server)("6 * 7?")
    assert isinstance(caught.value.__cause__, CopeError)
    assert str(caught.value.__cause__) == (
        f"Ollama at {ollama_server.address} has no model 'qwen2.5:3b': download it with "
        f"`cope models pull ollama/qwen2.5:3b@{ollama_server.address}`"
    )
    assert len(ollama_server.bodies) == 1


@pytest.mark.parametrize("page", [b"<html>\n", b"{}\n", b'{"message": "hello"}\n'])
def test_something_else_at_the_address(ollama_server: Any, page: bytes):
    ollama_server.replies = [[page]]
    with pytest.raises(dspy.LMServerError, match=r"is not Ollama .*: check the address"):
        model(ollama_server)("6 * 7?")
    assert len(ollama_server.bodies) == 4


def test_a_request_that_is_refused(ollama_server: Any):
    ollama_server.replies = [(400, '"qwen2.5:3b" does not support thinking')]
    with pytest.raises(dspy.LMError) as caught:
        model(ollama_server, think=True)("6 * 7?")
    assert isinstance(caught.value.__cause__, CopeError)
    assert "refused the request" in str(caught.value) and "does not support thinking" in str(
        caught.value
    )
    assert len(ollama_server.bodies) == 1


def test_no_server(delays: list[float]):
    engine = OllamaEngine("m", "http://127.0.0.1:9")
    with pytest.raises(
        dspy.LMTransportError, match=r"no answer from Ollama at http://127.0.0.1:9 .*`ollama serve`"
    ):
        Team(engine, engine, cache=False)["small"].lm("6 * 7?")
    assert delays == [1, 2, 4]


@sweep(
    ("reply", "error", "message"),
    [
        ((500, "llama runner has stopped"), dspy.LMServerError, "llama runner has stopped"),
        ((503, "server busy, please try again"), dspy.LMServerError, "server busy"),
        (
            [said("4")[0], {"error": "an error was encountered"}],
            dspy.LMServerError,
            "an error was encountered",
        ),
        ([said("4")[0], cut], dspy.LMTransportError, "no answer from Ollama"),
        ([cut], dspy.LMTransportError, "no answer from Ollama"),
        ([said("4")[0]], dspy.LMTransportError, "ended its reply before it was done"),
        ([], dspy.LMTransportError, "ended its reply before it was done"),
    ],
    ids=[
        "500",
        "503",
        "error in the stream",
        "cut in the stream",
        "cut before it",
        "no end",
        "nothing",
    ],
    every=3,
)
def test_a_server_that_fails_is_asked_again(
    ollama_server: Any, delays: list[float], reply: Any, error: type[Exception], message: str
):
    ollama_server.replies = [reply, reply, said("42")]
    assert model(ollama_server)("6 * 7?") == ["42"]
    assert len(ollama_server.bodies) == 3 and delays == [1, 2]
    ollama_server.replies = [reply]
    with pytest.raises(error, match=message):
        model(ollama_server)("6 * 7?")
    assert len(ollama_server.bodies) == 3 + 4 and delays == [1, 2, 1, 2, 4]


@pytest.mark.slow
def test_a_server_that_hangs(ollama_server: Any, delays: list[float]):
    hold = threading.Event()
    ollama_server.replies = [[said("4")[0], hold.wait]]
    with pytest.raises(dspy.LMTransportError, match=r"no answer from Ollama .*read timed out"):
        model(ollama_server, timeout=0.3)("6 * 7?")
    hold.set()
    assert len(delays) == 3


def test_a_cancelled_request_closes_the_connection(ollama_server: Any):
    streamed = threading.Event()

    def endless() -> Iterator[Part]:
        yield from said("a ", "b ", "c ")[:3]
        yield streamed.set
        while True:
            yield lambda: ollama_server.left.wait(0.005)
            yield said("more ")[0]

    ollama_server.replies = [endless()]  # pyright: ignore[reportAttributeAccessIssue]

    async def scene(asked: TierLM) -> None:
        task = asyncio.ensure_future(asked.acall("6 * 7?"))
        await asyncio.to_thread(streamed.wait, 5)
        for _ in range(100):  # what was sent is here; the client reads it within a few ticks
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ollama_server.left.wait, 5), "the server was not told"

    with metered() as meter:
        asyncio.run(scene(model(ollama_server)))
    (call,) = meter.calls
    assert call.cancelled and (call.completion_tokens or 0) >= 3 and call.usd is None


def test_samples_that_are_not_needed_are_stopped_at_the_server(ollama_server: Any):
    """Six of eight agree at once; the other two would talk for ever."""
    lock, count, all_here = threading.Lock(), 0, threading.Barrier(8)

    class Replies(list[Any]):
        def pop(self, _: int = 0) -> Any:
            nonlocal count
            with lock:
                count += 1
                return [lambda: all_here.wait(10), *said("Answer: 42")] if count <= 6 else endless()

    def endless() -> Iterator[Part]:
        yield lambda: all_here.wait(10)
        while True:
            yield lambda: ollama_server.left.wait(0.005)
            yield said("and ")[0]

    ollama_server.replies = Replies([None, None])
    engine = OllamaEngine("m", ollama_server.address)
    preset = Cascade("answer-cascade", Team(engine, engine, cache=False))
    prediction = preset(question="6 * 7?")
    assert (prediction.answer, prediction.round, prediction.votes) == ("42", 1, {"42": 6})
    assert ollama_server.left.wait(5)
    assert prediction.usage[0]["calls"] == 8 and prediction.usage[0]["cancelled"] == 2
