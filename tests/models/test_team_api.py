"""API models by name, against a server of this test's own that speaks OpenAI's chat completions."""

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.servers import LocalServer, serving

from cope import Cascade, CopeError, Team, metered
from cope.models import Price, ScriptedEngine
from cope.models.budget import cost_for_budget
from cope.programs.usage_text import format_usage


def answer_one(messages: Any, request: Any) -> str:
    return "Answer: 1"


class Server(LocalServer):
    """Speaks as much of OpenAI's chat completions as DSPy's client needs."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.raw: tuple[int, Any] | None = None
        """Status and JSON of a server that fails."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        reply = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": "So.\nAnswer: 7"},
                    }
                ],
                "usage": {
                    "prompt_tokens": 100,
                    "completion_tokens": 10,
                    "total_tokens": 110,
                    "prompt_tokens_details": {"cached_tokens": 60},
                },
            }
        ).encode()
        status = 200
        if self.server.raw is not None:
            status, document = self.server.raw
            reply = json.dumps(document).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


def test_a_server_gets_the_key_that_is_named_for_its_tier(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MY_SERVER_KEY", "sk-of-my-server")
    team = Team(
        ScriptedEngine(answer_one),
        f"openai/m@{server.address}",
        keys={"large": "MY_SERVER_KEY"},
        cache=False,
    )
    assert Cascade("large", team)(question="What is 3 + 4?").answer == "7"
    assert server.keys == ["Bearer sk-of-my-server"]


def test_an_api_model_behind_an_address(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    team = Team(
        ScriptedEngine(answer_one),
        f"openai/gpt-4o-mini@{server.address}",
        max_tokens=99,
        cache=False,
    )
    prediction = Cascade("large", team)(question="What is 3 + 4?")
    (body,) = server.bodies
    assert prediction.answer == "7"
    assert server.keys == ["Bearer none"], "the provider's key is for the provider's host only"
    assert body["model"] == "gpt-4o-mini" and body["temperature"] == 0.0
    assert body.get("max_tokens", body.get("max_completion_tokens")) == 99
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == "What is 3 + 4?" and "seed" not in body
    (usage,) = prediction.usage
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cached_tokens"]) == (
        100,
        10,
        60,
    )
    # DSPy's table has the price of this model: 0.15, 0.075 (cached) and 0.60 USD per million tokens.
    assert prediction.cost == pytest.approx((40 * 0.15 + 60 * 0.075 + 10 * 0.60) / 1e6)


def test_a_model_without_a_known_price_and_without_a_key(server: Server):
    team = Team(ScriptedEngine(answer_one), f"openai/my-own-model@{server.address}", cache=False)
    with metered() as meter:
        prediction = Cascade("plan-then-solve", team)(question="What is 3 + 4?")
    assert prediction.cost is None and server.keys == ["Bearer none"]
    assert meter.total(tier="large").usd is None and meter.total(tier="large").tokens == 110


def test_the_users_price_replaces_the_tables(server: Server):
    name = f"openai/gpt-4o-mini@{server.address}"
    team = Team(ScriptedEngine(answer_one), name, prices={"large": Price(1e6, 1e6, 0)}, cache=False)
    assert Cascade("large", team)(question="3 + 4?").cost == pytest.approx(40 + 10)


def test_a_reasoning_model_sets_its_own_length(server: Server):
    team = Team(ScriptedEngine(answer_one), f"openai/gpt-5-mini@{server.address}", cache=False)
    assert Cascade("plan-then-solve", team)(question="3 + 4?").answer == "1"
    (body,) = server.bodies
    assert body["model"] == "gpt-5-mini"
    assert not {"temperature", "max_tokens", "max_completion_tokens", "stop"} & body.keys()


@pytest.mark.slow
def test_samples_of_an_api_model_are_in_flight_together(server: Server):
    team = Team(f"openai/m@{server.address}", ScriptedEngine(answer_one))
    prediction = asyncio.run(
        Cascade("self-consistency", team, early_stop="none").acall(question="3 + 4?")
    )
    assert len(server.bodies) == 8 and prediction.votes == {"7": 8}
    again = Cascade("self-consistency", team, early_stop="none")(question="3 + 4?")
    assert len(server.bodies) == 8 and again.usage[0]["hits"] == 8
    for name, value in prediction.usage[0].items():
        expected = 8 if name == "hits" else value
        if isinstance(value, float):
            expected = pytest.approx(value)  # the calls may be added in another order
        assert again.usage[0][name] == expected, name


def test_a_server_that_is_not_there_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):

    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    team = Team(ScriptedEngine(answer_one), "openai/m@http://127.0.0.1:9/v1", cache=False)
    with pytest.raises(dspy.LMTransportError):
        Cascade("large", team)(question="3 + 4?")


def _message(content: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (302, {}),
        (200, {}),
        (200, {"choices": []}),
        (200, {"choices": None}),
        (200, _message(None)),
        (200, _message("")),
        (200, _message(7)),
    ],
)
def test_a_reply_without_content_is_a_failed_call_and_no_answer(
    server: Server, status: int, document: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    server.raw = status, document
    team = Team(ScriptedEngine(answer_one), f"openai/m@{server.address}", cache=False)
    with pytest.raises(dspy.LMServerError, match="the reply has no content|a redirect"):
        Cascade("large", team)(question="What is 3 + 4?")
    assert len(server.bodies) == 4, "it is retried"


def test_text_in_parts_is_read(server: Server):
    server.raw = 200, _message([{"type": "text", "text": "So.\nAnswer: 7"}])
    team = Team(ScriptedEngine(answer_one), f"openai/m@{server.address}", cache=False)
    assert Cascade("large", team)(question="What is 3 + 4?").answer == "7"


def test_a_server_without_usage_leaves_tokens_unknown(server: Server):
    server.raw = 200, _message("So.\nAnswer: 7")
    price = Price.parse("1/2")
    team = Team(
        ScriptedEngine(answer_one),
        f"openai/m@{server.address}",
        prices={"large": price},
        cache=False,
    )
    prediction = Cascade("large", team)(question="What is 3 + 4?")
    (row,) = prediction.usage
    assert (row["calls"], row["prompt_tokens"], row["completion_tokens"]) == (1, None, None)
    assert prediction.cost is None and row["unpriced"] == 1
    with pytest.raises(CopeError, match="the server of tier large reports none"):
        cost_for_budget(prediction.usage)
    assert "unknown tokens in, unknown out" in format_usage(prediction.usage, 1.0)
