"""Tiers by name: how a model's name becomes an engine, and how a mistake in it is told."""

import asyncio
import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, Team, metered
from cope.models import DEFAULT_LARGE, DEFAULT_SMALL, Price, ScriptedEngine
from cope.models import team as team_module
from cope.models.adapter import LeanAdapter
from cope.models.embedded import EmbeddedEngine
from cope.models.hosts import split_host
from cope.models.ollama import OllamaEngine


def answer_one(messages: Any, request: Any) -> str:
    return "Answer: 1"


def scripted(**kwargs: Any) -> Team:
    return Team(ScriptedEngine(answer_one), ScriptedEngine(answer_one), cache=False, **kwargs)


def test_the_default_pair_is_embedded_and_loads_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(EmbeddedEngine, "load", lambda self: pytest.fail("loaded"))
    team = Team()
    assert [team[name].model for name in ("small", "large")] == [DEFAULT_SMALL, DEFAULT_LARGE]
    assert all(isinstance(team[name].lm.engine, EmbeddedEngine) for name in ("small", "large"))
    assert all(team[name].seeded for name in ("small", "large"))


def test_a_weights_file():
    engine = Team("local/some/folder/My-Model.Q4.gguf")["small"].lm.engine
    assert isinstance(engine, EmbeddedEngine)
    assert (engine.weights, engine.name) == ("some/folder/My-Model.Q4.gguf", "local/My-Model.Q4")


@pytest.mark.parametrize(
    ("name", "environment", "model", "host"),
    [
        ("ollama/qwen2.5:3b", "", "qwen2.5:3b", "http://127.0.0.1:11434"),
        ("ollama/qwen2.5:3b", "0.0.0.0:9000", "qwen2.5:3b", "http://127.0.0.1:9000"),
        ("ollama/qwen2.5:3b", "http://box.local", "qwen2.5:3b", "http://box.local:80"),
        ("ollama/hf.co/a/b:Q4_K_M", "", "hf.co/a/b:Q4_K_M", "http://127.0.0.1:11434"),
        ("ollama/m@http://10.0.0.2:11434", "elsewhere:1", "m", "http://10.0.0.2:11434"),
        ("ollama/m@https://ollama.example.org/", "", "m", "https://ollama.example.org"),
    ],
)
def test_an_ollama_model(monkeypatch: pytest.MonkeyPatch, name: str, environment: str, model: str, host: str):
    monkeypatch.setenv("OLLAMA_HOST", environment)
    tier = Team(name, context=777)["small"]
    engine = tier.lm.engine
    assert isinstance(engine, OllamaEngine)
    assert (engine.model, engine.host, engine.context) == (model, host, 777)
    assert (tier.lm.model, tier.seeded) == (f"ollama/{model}", True)


def test_an_engine_object_is_a_tier():
    small, large = OllamaEngine("a"), ScriptedEngine(answer_one)
    team = Team(small, large, judge=EmbeddedEngine("smollm2-135m"))
    assert team["small"].lm.engine is small and team["large"].lm.engine is large
    assert [tier.lm.model for tier in team.tiers.values()] == [
        "ollama/a", "engine/ScriptedEngine-large", "local/smollm2-135m",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("qwen2.5:3b", "needs a provider in front, as in ollama/qwen2.5:3b, local/qwen2.5:3b or openai/qwen2.5:3b"),
        ("ollama/", "needs a provider in front"),
        ("", "needs a provider in front"),
        ("ollama/m@host:1", "'host:1' is not an address: write NAME@http://host:port"),
        ("openai/m@ftp://host", "is not an address"),
        ("ollama/m@http://", "is not an address"),
    ],
)
def test_a_name_that_cannot_be_understood(name: str, message: str):
    with pytest.raises(CopeError) as caught:
        Team(name)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_would_wait_for_ever(limit: int):
    with pytest.raises(CopeError, match=f"the limit of tier 'small' is {limit}"):
        scripted(limits={"small": limit})


@pytest.mark.parametrize("option", [{"prices": {"tiny": Price()}}, {"limits": {"tiny": 2}}])
def test_an_option_for_a_tier_that_is_not_there(option: dict[str, Any]):
    with pytest.raises(CopeError, match="no tier is named 'tiny': the team has small, large"):
        scripted(**option)


def test_a_tier_that_is_not_there():
    with pytest.raises(CopeError, match="no tier is named 'judge': the team has small, large"):
        scripted()["judge"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("lean", LeanAdapter), ("chat", dspy.ChatAdapter), ("json", dspy.JSONAdapter), ("xml", dspy.XMLAdapter)],
)
def test_an_adapter_by_name(name: str, kind: type[dspy.Adapter]):
    assert type(scripted(adapter=name)["small"].adapter) is kind


def test_an_adapter_that_is_not_there():
    with pytest.raises(CopeError, match="no adapter is named 'yaml': choose one of lean, chat, json, xml"):
        scripted(adapter="yaml")


def test_a_chat_reply_that_cannot_be_read_is_not_asked_for_twice():
    engine = ScriptedEngine(lambda messages, request: "no markers at all")
    prediction = Cascade("small", Team(engine, engine, adapter="chat", cache=False))(question="1?")
    assert prediction.answer is None and len(engine.requests) == 1


def test_a_copy_is_the_team_itself():
    team = scripted()
    assert copy.deepcopy(team) is team


def test_the_tiers_context_wins_over_the_users():
    team = scripted()
    outside = dspy.LM("openai/gpt-4o-mini")
    with dspy.context(lm=outside), team["large"].context():
        assert dspy.settings.lm is team["large"].lm and isinstance(dspy.settings.adapter, LeanAdapter)


@pytest.mark.parametrize(("limits", "sizes"), [(None, (8, 8)), ({"small": 3, "large": 5}, (3, 5))])
def test_limits(limits: dict[str, int] | None, sizes: tuple[int, int]):
    team = scripted(limits=limits)
    assert (team["small"].lm.runtime.limit.size, team["large"].lm.runtime.limit.size) == sizes
    assert Team("openai/gpt-4o-mini")["small"].lm.runtime.limit.size == 16


def test_the_embedded_engine_has_as_many_slots_as_may_be_in_flight():
    engine = Team(limits={"small": 3}, context=1000)["small"].lm.engine
    assert isinstance(engine, EmbeddedEngine) and (engine.slots, engine.context) == (3, 1000)


@pytest.mark.parametrize(
    ("names", "gpu", "sharing"),
    [
        (("ollama/a", "ollama/b"), False, True),
        (("ollama/a", "ollama/b"), True, False),
        (("ollama/a", "ollama/a"), False, False),
        (("ollama/a", "local/smollm2-135m"), False, False),
        (("ollama/a@http://10.0.0.2:1", "ollama/b@http://10.0.0.2:1"), False, False),
        (("ollama/a@http://127.0.0.1:1", "ollama/b@http://127.0.0.1:2"), False, False),
        (("ollama/a@http://127.0.0.1:1", "ollama/b@http://127.0.0.1:1/"), False, True),
    ],
)
def test_two_models_of_one_server_take_turns_on_the_cores(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, str], gpu: bool, sharing: bool
):
    monkeypatch.setattr(team_module, "has_gpu", lambda: gpu)
    team = Team(*names)
    small, large = (team[name].lm.runtime.turns for name in ("small", "large"))
    assert (small is not None and small is large) is sharing
    assert sharing or (small is None and large is None)


def test_local_tiers_share_the_machines_clock():
    clocks = [
        tier.lm.runtime.clock
        for tier in Team("ollama/a", "local/smollm2-135m", far="ollama/c@http://far:1").tiers.values()
    ]
    assert clocks[0] is clocks[1] and clocks[2] is not clocks[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m", ("m", None)),
        ("a:b", ("a:b", None)),
        ("m@http://h:1/v1", ("m", "http://h:1/v1")),
        ("m@https://h/", ("m", "https://h")),
    ],
)
def test_split_host(text: str, expected: tuple[str, str | None]):
    assert split_host(text) == expected


# API models, against a server of this test's own


class Server(ThreadingHTTPServer):
    """Speaks as much of OpenAI's chat completions as DSPy's client needs."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

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
                "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "So.\nAnswer: 7"}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110,
                          "prompt_tokens_details": {"cached_tokens": 60}},
            }
        ).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_an_api_model_behind_an_address(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    team = Team(ScriptedEngine(answer_one), f"openai/gpt-4o-mini@{server.address}", max_tokens=99, cache=False)
    prediction = Cascade("large", team)(question="What is 3 + 4?")
    (body,) = server.bodies
    assert prediction.answer == "7" and server.keys == ["Bearer secret"]
    assert body["model"] == "gpt-4o-mini" and body["temperature"] == 0.0
    assert body.get("max_tokens", body.get("max_completion_tokens")) == 99
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == "What is 3 + 4?" and "seed" not in body
    (usage,) = prediction.usage
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cached_tokens"]) == (100, 10, 60)
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


def test_samples_of_an_api_model_are_in_flight_together(server: Server):
    team = Team(f"openai/m@{server.address}", ScriptedEngine(answer_one))
    prediction = asyncio.run(Cascade("self-consistency", team, full_samples=True).acall(question="3 + 4?"))
    assert len(server.bodies) == 8 and prediction.votes == {"7": 8}
    again = Cascade("self-consistency", team, full_samples=True)(question="3 + 4?")
    assert len(server.bodies) == 8 and again.usage[0]["hits"] == 8


def test_a_server_that_is_not_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    from dspy.clients import execution

    monkeypatch.setattr(execution, "_delay", lambda error, attempt: 0.0)
    team = Team(ScriptedEngine(answer_one), "openai/m@http://127.0.0.1:9/v1", cache=False)
    with pytest.raises(dspy.LMTransportError):
        Cascade("large", team)(question="3 + 4?")


def test_larger_embedded_weights_get_fewer_slots(tmp_path: Path):
    team = Team()
    assert (team["small"].lm.runtime.limit.size, team["large"].lm.runtime.limit.size) == (8, 4)
    assert (team["small"].lm.engine.slots, team["large"].lm.engine.slots) == (8, 4)
    small = tmp_path / "a.gguf"
    small.write_bytes(b"GGUF")
    assert Team(f"local/{small}")["small"].lm.engine.slots == 8
