"""Tiers by name: how a model's name becomes an engine, and how a mistake in it is told."""

import copy
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, Team
from cope.models import DEFAULT_LARGE, DEFAULT_SMALL, Price, ScriptedEngine, team as team_module
from cope.models.adapter import LeanAdapter
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.ollama import OllamaEngine
from cope.models.hosts import split_host


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
def test_an_ollama_model(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: str, model: str, host: str
):
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
        "ollama/a",
        "engine/ScriptedEngine-large",
        "local/smollm2-135m",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "qwen2.5:3b",
            "needs a provider in front, as in local/qwen2.5:3b, ollama/qwen2.5:3b or openai/qwen2.5:3b",
        ),
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
    [
        ("lean", LeanAdapter),
        ("chat", dspy.ChatAdapter),
        ("json", dspy.JSONAdapter),
        ("xml", dspy.XMLAdapter),
    ],
)
def test_an_adapter_by_name(name: str, kind: type[dspy.Adapter]):
    assert type(scripted(adapter=name)["small"].adapter) is kind


def test_an_adapter_that_is_not_there():
    with pytest.raises(
        CopeError, match="no adapter is named 'yaml': choose one of lean, chat, json, xml"
    ):
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
        assert dspy.settings.lm is team["large"].lm and isinstance(
            dspy.settings.adapter, LeanAdapter
        )


@pytest.mark.parametrize(("limits", "sizes"), [(None, (8, 8)), ({"small": 3, "large": 5}, (3, 5))])
def test_limits(limits: dict[str, int] | None, sizes: tuple[int, int]):
    team = scripted(limits=limits)
    assert (
        team["small"].lm.runtime.semaphore.size,
        team["large"].lm.runtime.semaphore.size,
    ) == sizes
    assert Team("openai/gpt-4o-mini")["small"].lm.runtime.semaphore.size == 16


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
    small, large = (team[name].lm.runtime.scheduler for name in ("small", "large"))
    assert (small is not None and small is large) is sharing
    assert sharing or (small is None and large is None)


def test_local_tiers_share_the_machines_clock():
    clocks = [
        tier.lm.runtime.machine_time
        for tier in Team(
            "ollama/a", "local/smollm2-135m", far="ollama/c@http://far:1"
        ).tiers.values()
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


def test_larger_embedded_weights_get_fewer_slots(tmp_path: Path):
    team = Team()
    assert (team["small"].lm.runtime.semaphore.size, team["large"].lm.runtime.semaphore.size) == (
        8,
        4,
    )
    assert (team["small"].lm.engine.slots, team["large"].lm.engine.slots) == (8, 4)
    small = tmp_path / "a.gguf"
    small.write_bytes(b"GGUF")
    assert Team(f"local/{small}")["small"].lm.engine.slots == 8
