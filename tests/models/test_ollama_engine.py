"""The Ollama engine against a server of this test's own that speaks /api/chat."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dspy
import pytest
from dspy.clients import execution

from cope import Cascade, CopeError, Team
from cope.models import Price, metered
from cope.models.hosts import default_host
from cope.models.lm import TierLM
from cope.models.ollama import OllamaEngine

Part = dict[str, Any] | Callable[[], Any]


def said(*pieces: str, prompt: int = 20, reason: str = "stop", **more: Any) -> list[Part]:
    """A reply in the server's words: a part for each piece, and the last with the counts."""
    parts: list[Part] = [{"message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces]
    counts = {"prompt_eval_count": prompt, "eval_count": len(pieces) + 1, "done_reason": reason}
    return [*parts, {"message": {"role": "assistant", "content": ""}, "done": True, **counts, **more}]


class StubServer(ThreadingHTTPServer):
    """Answers with `replies` in turn, the last one for ever: a list of parts, or a status and an error.

    A part that is a function is called where the stream has come to it: it may wait, and `cut` ends the connection.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[list[Part] | tuple[int, str]] = [said("Answer: ", "42")]
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.left = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Cut(Exception):
    """Ends a connection in the middle of a reply."""


def cut() -> None:
    raise Cut


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StubServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.paths.append(self.path)
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, tuple):
            return self._error(*reply)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in reply:
                if callable(part):
                    part()
                else:
                    self._chunk(json.dumps({"model": "m", **part}).encode() + b"\n")
            self._chunk(b"")
        except Cut:
            self.close_connection = True
        except ConnectionError:
            self.close_connection = True
            self.server.left.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _error(self, status: int, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[StubServer]:
    with StubServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long DSPy would have waited before each retry."""
    noted: list[float] = []
    real = execution._delay

    def none(error: Exception, attempt: int) -> float:
        noted.append(real(error, attempt))
        return 0.0

    monkeypatch.setattr(execution, "_delay", none)
    return noted


def model(server: StubServer, price: Price | None = None, **settings: Any) -> TierLM:
    engine = OllamaEngine("qwen2.5:3b", server.address, **settings)
    team = Team(engine, engine, cache=False, prices={"small": price} if price else None)
    return team["small"].lm


# What is sent


def test_the_request(server: StubServer):
    lm = model(server, context=777, keep_alive="5m", think=False, num_thread=3)
    messages = [{"role": "system", "content": "Solve."}, {"role": "user", "content": "6 * 7?"}]
    with pytest.warns(DeprecationWarning, match="messages="):
        assert lm(messages=messages, temperature=0.8, max_tokens=64, seed=5, stop=["\n\n"], top_p=0.9) == ["Answer: 42"]
    assert server.paths == ["/api/chat"]
    assert server.bodies == [
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


def test_what_is_not_wanted_is_not_sent(server: StubServer):
    model(server)("6 * 7?", temperature=0.0)
    (body,) = server.bodies
    assert not {"think", "format", "logprobs", "top_logprobs"} & body.keys()
    assert not {"seed", "stop", "num_thread"} & body["options"].keys()
    assert (body["options"]["num_ctx"], body["options"]["temperature"], body["keep_alive"]) == (2048, 0.0, "30m")


def test_a_json_schema(server: StubServer):
    server.replies = [said('{"value": ', "42}")]
    with dspy.context(lm=model(server), adapter=dspy.JSONAdapter()):
        assert dspy.Predict("question -> value: int")(question="6 * 7?").value == 42
    schema = server.bodies[0]["format"]
    assert schema["properties"]["value"]["type"] == "integer" and schema["required"] == ["value"]


def test_any_json(server: StubServer):
    server.replies = [said("{}")]
    model(server)("6 * 7?", response_format={"type": "json_object"})
    assert server.bodies[0]["format"] == "json"


def test_log_probabilities(server: StubServer):
    score = {"token": "42", "logprob": -0.25, "top_logprobs": [{"token": "42", "logprob": -0.25}]}
    part = {"message": {"role": "assistant", "content": "42"}, "done": False, "logprobs": [score]}
    server.replies = [[part, *said()]]
    (output,) = model(server)("6 * 7?", logprobs=True, top_logprobs=3)
    assert (server.bodies[0]["logprobs"], server.bodies[0]["top_logprobs"]) == (True, 3)
    assert output["text"] == "42" and output["logprobs"].content[0].logprob == -0.25


def test_samples_share_all_but_their_seed(server: StubServer):
    team = Team(OllamaEngine("m", server.address), OllamaEngine("m", server.address), cache=False)
    prediction = Cascade("self-consistency", team, full_samples=True)(question="6 * 7?")
    assert prediction.votes == {"42": 8}
    assert len({body["options"].pop("seed") for body in server.bodies}) == 8
    assert len({json.dumps(body) for body in server.bodies}) == 1


# What comes back


@pytest.mark.parametrize(("reason", "truncated"), [("stop", False), ("length", True)])
def test_a_reply_with_its_counts(server: StubServer, reason: str, truncated: bool):
    server.replies = [said("Answer", ": ", "42", prompt=31, reason=reason)]
    with metered() as meter:
        assert model(server, Price(1e6, 1e6))("6 * 7?") == ["Answer: 42"]
    (call,) = meter.calls
    assert (call.prompt_tokens, call.completion_tokens, call.usd) == (31, 4, 35.0)
    assert call.truncated is truncated and call.model == "ollama/qwen2.5:3b"


def test_thoughts_are_no_part_of_the_reply(server: StubServer):
    part = {"message": {"role": "assistant", "content": "", "thinking": "Hm."}, "done": False}
    server.replies = [[part, *said("42")]]
    assert model(server, think=True)("6 * 7?") == ["42"]
    assert server.bodies[0]["think"] is True


def test_it_works_on_several_event_loops(server: StubServer):
    lm = model(server)
    for _ in range(3):
        assert asyncio.run(lm.acall("6 * 7?")) == ["Answer: 42"]
    assert lm("6 * 7?") == ["Answer: 42"]


# What goes wrong


@pytest.mark.parametrize(
    "reply",
    [
        said("42", prompt=2048),
        (400, "the input length exceeds the context length"),
        (400, "prompt is too long: the request exceeds the available context size"),
    ],
    ids=["filled", "refused", "refused by the runner"],
)
def test_a_prompt_that_does_not_fit(server: StubServer, reply: Any):
    server.replies = [reply]
    with pytest.raises(dspy.ContextWindowExceededError, match=r"context of 2048 tokens: shorten it or set a larger"):
        model(server)("long")
    assert len(server.bodies) == 1


def test_a_model_that_is_not_there(server: StubServer):
    server.replies = [(404, "model 'qwen2.5:3b' not found")]
    with pytest.raises(dspy.LMError) as caught:
        model(server)("6 * 7?")
    assert isinstance(caught.value.__cause__, CopeError)
    assert str(caught.value.__cause__) == (
        f"Ollama at {server.address} has no model 'qwen2.5:3b': bring it with "
        f"`cope models pull ollama/qwen2.5:3b@{server.address}`"
    )
    assert len(server.bodies) == 1


def test_a_request_that_is_refused(server: StubServer):
    server.replies = [(400, '"qwen2.5:3b" does not support thinking')]
    with pytest.raises(dspy.LMError) as caught:
        model(server, think=True)("6 * 7?")
    assert isinstance(caught.value.__cause__, CopeError)
    assert "refused the request" in str(caught.value) and "does not support thinking" in str(caught.value)
    assert len(server.bodies) == 1


def test_no_server(delays: list[float]):
    engine = OllamaEngine("m", "http://127.0.0.1:9")
    with pytest.raises(dspy.LMTransportError, match=r"no answer from Ollama at http://127.0.0.1:9 .*`ollama serve`"):
        Team(engine, engine, cache=False)["small"].lm("6 * 7?")
    assert delays == [1, 2, 4]


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        ((500, "llama runner has stopped"), dspy.LMServerError, "llama runner has stopped"),
        ((503, "server busy, please try again"), dspy.LMServerError, "server busy"),
        ([said("4")[0], {"error": "an error was encountered"}], dspy.LMServerError, "an error was encountered"),
        ([said("4")[0], cut], dspy.LMTransportError, "no answer from Ollama"),
        ([cut], dspy.LMTransportError, "no answer from Ollama"),
        ([said("4")[0]], dspy.LMTransportError, "ended its reply before it was done"),
        ([], dspy.LMTransportError, "ended its reply before it was done"),
    ],
    ids=["500", "503", "error in the stream", "cut in the stream", "cut before it", "no end", "nothing"],
)
def test_a_server_that_fails_is_asked_again(
    server: StubServer, delays: list[float], reply: Any, error: type[Exception], message: str
):
    server.replies = [reply, reply, said("42")]
    assert model(server)("6 * 7?") == ["42"]
    assert len(server.bodies) == 3 and delays == [1, 2]
    server.replies = [reply]
    with pytest.raises(error, match=message):
        model(server)("6 * 7?")
    assert len(server.bodies) == 3 + 4 and delays == [1, 2, 1, 2, 4]


def test_a_server_that_hangs(server: StubServer, delays: list[float]):
    hold = threading.Event()
    server.replies = [[said("4")[0], hold.wait]]
    with pytest.raises(dspy.LMTransportError, match=r"no answer from Ollama .*ReadTimeout"):
        model(server, timeout=0.05)("6 * 7?")
    hold.set()
    assert len(delays) == 3


def test_a_cancelled_request_closes_the_connection(server: StubServer):
    streamed = threading.Event()

    def endless() -> Iterator[Part]:
        yield from said("a ", "b ", "c ")[:3]
        yield streamed.set
        while True:
            yield lambda: server.left.wait(0.005)
            yield said("more ")[0]

    server.replies = [endless()]  # pyright: ignore[reportAttributeAccessIssue]

    async def scene(lm: TierLM) -> None:
        task = asyncio.ensure_future(lm.acall("6 * 7?"))
        await asyncio.to_thread(streamed.wait, 5)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.left.wait, 5), "the server was not told"

    with metered() as meter:
        asyncio.run(scene(model(server)))
    (call,) = meter.calls
    assert call.cancelled and call.completion_tokens >= 3 and call.usd is None


def test_samples_that_are_not_needed_are_stopped_at_the_server(server: StubServer):
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
            yield lambda: server.left.wait(0.005)
            yield said("and ")[0]

    server.replies = Replies([None, None])
    engine = OllamaEngine("m", server.address)
    preset = Cascade("answer-cascade", Team(engine, engine, cache=False))
    prediction = preset(question="6 * 7?")
    assert (prediction.answer, prediction.round, prediction.votes) == ("42", 1, {"42": 6})
    assert server.left.wait(5)
    assert prediction.usage[0]["calls"] == 8 and prediction.usage[0]["cancelled"] == 2


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
    with pytest.raises(CopeError, match=r"OLLAMA_HOST is .* which is no address: write it as 127.0.0.1:11434"):
        Team("ollama/m")
