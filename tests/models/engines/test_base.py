"""What the local engines share: DSPy's request in, DSPy's response out."""

import asyncio
import copy
import json
import pickle
from pathlib import Path
from typing import Any, Literal

import dspy
import pydantic
import pytest
from dspy.lm15 import Config, ImagePart, Message, Request, TextPart

from cope.errors import CopeError
from cope.models import ScriptedEngine
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.engines.base import (
    chat_messages,
    json_schema,
    response,
    token_logprobs,
)
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.ollama import OllamaEngine
from cope.models.lm import TierLM

ASKED = Request(model="m", messages=(Message.user("6 * 7?"),))


def request(**config: Any) -> Request:
    return Request(model="m", messages=(Message.user("6 * 7?"),), config=Config(**config))


def test_chat_messages_in_order_with_the_system_message_first():
    asked = Request(
        model="m",
        system="Solve.",
        messages=(
            Message.user("1 + 1?"),
            Message.assistant([TextPart("Answer: "), TextPart("2")]),
            Message.user([TextPart("6 * 7?")]),
        ),
    )
    assert chat_messages(asked) == [
        {"role": "system", "content": "Solve."},
        {"role": "user", "content": "1 + 1?"},
        {"role": "assistant", "content": "Answer: 2"},
        {"role": "user", "content": "6 * 7?"},
    ]
    assert chat_messages(ASKED) == [{"role": "user", "content": "6 * 7?"}]


def test_what_is_no_text_is_refused_in_one_line():
    image = ImagePart(url="https://example.org/a.png")
    with pytest.raises(
        CopeError, match="local engines take text only, and the prompt has a part of type 'image'"
    ):
        chat_messages(
            Request(model="m", messages=(Message.user([TextPart("What is it?"), image]),))
        )


@pytest.mark.parametrize(
    ("wanted", "schema"),
    [
        (None, None),
        ({"type": "json_object"}, {}),
        ({"type": "json_schema", "name": "n", "schema": {"type": "object"}}, {"type": "object"}),
    ],
)
def test_the_json_schema_of_a_request(wanted: Any, schema: Any):
    assert json_schema(request(response_format=wanted)) == schema


def test_a_json_schema_that_dspy_asks_for_reaches_the_engine():
    class Reply(pydantic.BaseModel):
        colour: Literal["red", "blue"]

    engine = ScriptedEngine(lambda messages, request: '{"colour": "red"}')
    lm = dspy.LM("engine/x", engine=engine, async_engine=AsyncEngineAdapter(engine), cache=False)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        assert dspy.Predict("question -> reply: dict[str, str]").signature
        made = dspy.Predict(dspy.Signature("question -> colour: str"))(question="?")
        lm("which?", response_format=Reply)
    assert made.colour == "red"
    first, last = (json_schema(asked) for asked in engine.requests)
    assert list(first["properties"]) == ["colour"]
    assert last["properties"]["colour"]["enum"] == ["red", "blue"]


def test_log_probabilities_are_finite_and_keep_their_alternatives():
    scores = token_logprobs(
        [
            {"token": "4", "logprob": -0.1, "top_logprobs": [{"token": "4", "logprob": -0.1}]},
            {"token": "2", "logprob": float("-inf"), "top_logprobs": None},
        ]
    )
    assert [(s.token, s.logprob) for s in scores] == [("4", -0.1), ("2", -1e9)]
    assert [(t.token, t.logprob) for t in scores[0].top] == [("4", -0.1)] and scores[1].top == ()


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "stop"), ("length", "length"), ("load", "stop"), ("tool", "stop")],
)
def test_a_response(finish: str, reason: str):
    made = response(ASKED, "42", finish=finish, prompt=5, completion=2, cached=3)
    assert (made.model, made.message.parts[0].text, made.finish_reason) == ("m", "42", reason)
    assert (made.usage.input_tokens, made.usage.output_tokens, made.usage.cache_read_tokens) == (
        5,
        2,
        3,
    )
    assert made.logprobs is None


def test_an_empty_reply_is_a_response_that_no_adapter_can_read():
    engine = ScriptedEngine(lambda messages, request: "")
    lm = dspy.LM("engine/x", engine=engine, async_engine=AsyncEngineAdapter(engine), cache=False)
    with dspy.context(lm=lm), pytest.raises(dspy.utils.exceptions.AdapterParseError):
        dspy.Predict("question -> answer")(question="?")


def test_the_synchronous_face_works_in_a_running_loop():
    engine = ScriptedEngine(lambda messages, request: "42", delay=0.001)

    async def cell() -> Any:
        return engine.complete(ASKED)

    assert asyncio.run(cell()).message.parts[0].text == "42"


def test_engines_are_shared_by_copies():
    for engine in (
        OllamaEngine("m"),
        EmbeddedEngine("smollm2-135m"),
        ScriptedEngine(lambda m, r: ""),
    ):
        assert copy.deepcopy(engine) is engine
        adapter = AsyncEngineAdapter(engine)
        assert copy.deepcopy(adapter) is adapter


@pytest.mark.parametrize(
    "engine",
    [
        OllamaEngine("m", "http://10.0.0.2:1", 512, "5m", think=False, num_thread=2, timeout=3.0),
        EmbeddedEngine("smollm2-135m", slots=2, context=512),
    ],
    ids=["ollama", "embedded"],
)
def test_an_engine_is_saved_as_json_and_pickled(engine: Any):
    state = json.loads(json.dumps(engine.dump_state()))
    assert type(engine).load_state(state).dump_state() == state
    assert pickle.loads(pickle.dumps(engine)).dump_state() == state
    adapter_state = json.loads(json.dumps(AsyncEngineAdapter(engine).dump_state()))
    loaded = AsyncEngineAdapter.load_state(adapter_state)
    assert type(loaded.engine) is type(engine) and loaded.engine.dump_state() == state
    assert pickle.loads(pickle.dumps(AsyncEngineAdapter(engine))).engine.dump_state() == state


def test_a_saved_adapter_names_an_engine_and_nothing_else():
    with pytest.raises(CopeError, match="names Path as an engine"):
        AsyncEngineAdapter.load_state({"module": "pathlib", "class": "Path"})


def test_a_saved_adapter_cannot_import_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "surprise_engine.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CopeError, match="names Surprise as an engine"):
        AsyncEngineAdapter.load_state({"module": "surprise_engine", "class": "Surprise"})


class OfAUser(OllamaEngine):
    """An engine that is defined in a module of the user's own."""


def test_a_saved_adapter_of_an_imported_module_is_loaded():
    state = AsyncEngineAdapter(OfAUser("m", "http://10.0.0.2:1")).dump_state()
    assert type(AsyncEngineAdapter.load_state(state).engine) is OfAUser


@pytest.mark.parametrize(
    ("module", "name", "state", "kind"),
    [
        ("cope.models.embedded", "EmbeddedEngine", {"weights": "smollm2-135m"}, EmbeddedEngine),
        ("cope.models.ollama", "OllamaEngine", {"model": "m"}, OllamaEngine),
    ],
)
def test_an_adapter_saved_before_the_engines_moved_is_loaded(
    module: str, name: str, state: dict[str, Any], kind: type[Any]
):
    loaded = AsyncEngineAdapter.load_state({"module": module, "class": name, **state})
    assert type(loaded.engine) is kind


def test_a_model_saved_before_the_engines_moved_is_loaded():
    engine = OllamaEngine("m", "http://10.0.0.2:1")
    lm = TierLM("ollama/m", tier="large", engine=engine, async_engine=AsyncEngineAdapter(engine))
    state = lm.dump_state()
    former = json.dumps(state)
    for today, yesterday in (
        ("cope.models.engines.async_adapter:AsyncEngineAdapter", "cope.models.engine:AsyncTwin"),
        ("cope.models.engines.ollama", "cope.models.ollama"),
    ):
        assert today in former
        former = former.replace(today, yesterday)
    loaded = dspy.BaseLM.load_state(json.loads(former), allow_custom_lm_class=True)
    assert isinstance(loaded, TierLM)
    assert loaded.dump_state() == state


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        (OllamaEngine("qwen2.5:3b"), "ollama/qwen2.5:3b"),
        (EmbeddedEngine("smollm2-135m"), "local/smollm2-135m"),
        (EmbeddedEngine("/models/mine-q4.gguf"), "local/mine-q4"),
        (ScriptedEngine(lambda m, r: ""), ""),
    ],
)
def test_the_name_for_the_meter(engine: Any, name: str):
    assert engine.name == name


def test_a_scripted_engine_takes_its_time_and_counts():
    async def script(messages: Any, asked: Request) -> str:
        await asyncio.sleep(0)
        return messages[-1]["content"].upper()

    engine = ScriptedEngine(script, delay=lambda asked: 0.01 if asked.system else 0.0)

    async def scene() -> list[Any]:
        loud = Request(model="m", system="be slow", messages=(Message.user("a"),))
        return await asyncio.gather(engine.agenerate(loud), engine.agenerate(ASKED))

    slow, fast = asyncio.run(scene())
    assert (slow.message.parts[0].text, fast.message.parts[0].text) == ("A", "6 * 7?")
    assert slow.usage.input_tokens == 3 and fast.usage.output_tokens == 3
    assert (engine.most_running, engine.running, engine.cancelled) == (2, 0, 0)
    with pytest.raises(TypeError, match="not saved"):
        engine.dump_state()
