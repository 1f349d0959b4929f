"""The clients that people use, against a served cascade: each whole and as a stream.

`uv sync --group clients` brings those that the project does not need itself.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dspy
import openai
import pytest
from pydantic import BaseModel
from support.api import served

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service

pytestmark = pytest.mark.slow

ASKED = "What is 6 times 7?"
QUESTION: Any = [{"role": "user", "content": ASKED}]
FIELDS = "[[ ## answer ## ]]\nforty two\n\n[[ ## completed ## ]]"
NEEDS_GROUP = "not installed: uv sync --group clients"


class Product(BaseModel):
    """An answer with types."""

    value: int
    unit: str


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve a cascade, one tier that writes texts, and one that writes the fields of DSPy."""

    def reply(messages: Any, request: Any) -> str:
        if request.config.response_format:
            names = request.config.response_format.get("schema", {}).get("properties", {})
            return json.dumps({"answer": "42"} if "answer" in names else {"value": 42, "unit": ""})
        return "So.\nAnswer: 42"

    def cascade(preset: str, script: Any, domain: str) -> Cascade:
        engine = ScriptedEngine(script)
        return Cascade(preset, Team(engine, engine, cache=False), domain=domain)

    others = {
        "texts": cascade("small", lambda m, r: "one two three", "open"),
        "fields": cascade("small", lambda m, r: FIELDS, "open"),
    }
    with served(Service(cascade("cope", reply, "short-answer"), others)) as started:
        yield f"{started}/v1"


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key="none", max_retries=0) as made:
        yield made


@pytest.mark.parametrize(("model", "text"), [("cope", "42"), ("cope/texts", "one two three")])
def test_openai(client: openai.OpenAI, model: str, text: str) -> None:
    whole = client.chat.completions.create(model=model, messages=QUESTION)
    assert whole.choices[0].message.content == text and whole.usage is not None
    options: Any = {"include_usage": True}
    parts = list(
        client.chat.completions.create(
            model=model, messages=QUESTION, stream=True, stream_options=options
        )
    )
    deltas = [part.choices[0].delta for part in parts if part.choices]
    assert "".join(delta.content or "" for delta in deltas) == text
    assert parts[-1].usage is not None and parts[-1].usage.total_tokens > 0
    with client.chat.completions.stream(model=model, messages=QUESTION) as events:
        assert events.get_final_completion().choices[0].message.content == text
    assert client.responses.create(model=model, input=ASKED).output_text == text
    with client.responses.stream(model=model, input=ASKED) as made:
        assert made.get_final_response().output_text == text


def test_openai_reads_answers_with_types(client: openai.OpenAI) -> None:
    chat = client.chat.completions.parse(model="cope", messages=QUESTION, response_format=Product)
    assert chat.choices[0].message.parsed == Product(value=42, unit="")
    with client.chat.completions.stream(
        model="cope", messages=QUESTION, response_format=Product
    ) as events:
        assert events.get_final_completion().choices[0].message.parsed == Product(value=42, unit="")
    response = client.responses.parse(model="cope", input=ASKED, text_format=Product)
    assert response.output_parsed == Product(value=42, unit="")


def test_openai_asynchronously(address: str) -> None:
    async def run() -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(base_url=address, api_key="none") as client:
            whole = await client.chat.completions.create(model="cope", messages=QUESTION)
            text = ""
            stream = await client.chat.completions.create(
                model="cope/texts", messages=QUESTION, stream=True
            )
            async for part in stream:
                text += part.choices[0].delta.content or ""
            return whole.choices[0].message.content, text

    assert asyncio.run(run()) == ("42", "one two three")


def test_openai_reads_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("cope/huge")
    assert missing.value.code == "model_not_found"
    assert client.models.retrieve("cope/texts").id == "cope/texts"
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="cope", messages=QUESTION, logprobs=True)


def test_litellm(address: str) -> None:
    import litellm

    asked: dict[str, Any] = {"messages": QUESTION, "api_base": address, "api_key": "none"}
    whole: Any = litellm.completion(model="openai/cope", **asked)
    assert whole.choices[0].message.content == "42"
    assert "round 1" in whole.choices[0].message.reasoning_content
    text = ""
    parts: Any = litellm.completion(model="openai/cope/texts", stream=True, **asked)
    for part in parts:
        text += part.choices[0].delta.content or ""
    assert text == "one two three"


def test_llm(address: str, tmp_path: Path) -> None:
    pytest.importorskip("llm", reason=NEEDS_GROUP)
    lines = []
    for name in ("cope", "cope/texts"):
        lines += [f"- model_id: {name}", f"  model_name: {name}", f"  api_base: {address}"]
    (tmp_path / "extra-openai-models.yaml").write_text("\n".join(lines) + "\n")
    environment = os.environ | {"LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "none"}

    def llm(*words: str) -> str:
        command = [sys.executable, "-m", "llm", "prompt", ASKED, *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert llm("-m", "cope", "--no-stream") == "42"
    assert llm("-m", "cope/texts") == "one two three"


def test_dspy(address: str) -> None:
    settings: dict[str, Any] = {"api_base": address, "api_key": "none", "cache": False}
    whole = dspy.LM("openai/cope", **settings)
    (output,) = whole(ASKED)
    assert output["text"] == "42" and "round 1" in output["reasoning_content"]
    (output,) = whole(ASKED, response_format={"type": "json_object"})
    assert json.loads(output["text"]) == {"value": 42, "unit": ""}
    fields = dspy.LM("openai/cope/fields", **settings)
    with dspy.context(lm=fields, adapter=dspy.ChatAdapter()):
        assert dspy.Predict("question -> answer")(question=ASKED).answer == "forty two"

    async def streamed() -> str:
        listeners = [dspy.streaming.StreamListener(signature_field_name="answer")]
        predict = dspy.streamify(dspy.Predict("question -> answer"), stream_listeners=listeners)
        text = ""
        with dspy.context(lm=fields, adapter=dspy.ChatAdapter()):
            async for part in predict(question=ASKED):
                if isinstance(part, dspy.streaming.StreamResponse):
                    text += part.chunk
        return text.strip()

    assert asyncio.run(streamed()) == "forty two"


def test_langchain(address: str) -> None:
    module = pytest.importorskip("langchain_openai", reason=NEEDS_GROUP)
    settings: dict[str, Any] = {"base_url": address, "api_key": "none"}
    chat = module.ChatOpenAI(model="cope", **settings)
    assert chat.invoke(ASKED).content == "42"
    parts = module.ChatOpenAI(model="cope/texts", **settings).stream(ASKED)
    assert "".join(part.content for part in parts) == "one two three"
    assert chat.with_structured_output(Product).invoke(ASKED) == Product(value=42, unit="")
    assert asyncio.run(chat.ainvoke(ASKED)).content == "42"
