"""The `openai` package against a served cascade over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from support.api import running

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    import openai  # every worker would load it before the first test

QUESTION: Any = [{"role": "user", "content": "What is 6 times 7?"}]


@asynccontextmanager
async def client(service: Service) -> AsyncIterator["openai.AsyncOpenAI"]:
    import openai

    async with (
        running(service) as address,
        openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as made,
    ):
        yield made


@pytest.fixture
def service(scripted: Callable[..., Any]) -> Service:
    team = scripted(lambda ask: "Plan." if ask.role == "plan" else "So.\nAnswer: 42").team
    texts = Team(*[ScriptedEngine(lambda m, r: "one two three")] * 2, cache=False)
    others = {"small": Cascade("small", team), "texts": Cascade("small", texts, domain="open")}
    return Service(Cascade("cope", team), others)


def test_chat_completions(service: Service) -> None:
    import openai

    async def run() -> None:
        async with client(service) as api:
            models = [model.id async for model in api.models.list()]
            assert models == ["cope", "cope/small", "cope/texts"]
            reply = await api.chat.completions.create(model="cope", messages=QUESTION)
            assert reply.choices[0].message.content == "42" and reply._request_id
            extra = reply.model_extra or {}
            assert extra["cope"]["round"] == 1
            with pytest.raises(openai.NotFoundError) as error:
                await api.chat.completions.create(model="gpt-9", messages=QUESTION)
            assert error.value.code == "model_not_found"

    asyncio.run(run())


def test_the_stream_helper_assembles_a_chat_completion(service: Service) -> None:
    async def run() -> None:
        async with client(service) as api:
            options: Any = {"include_usage": True}
            stream = api.chat.completions.stream(
                model="cope", messages=QUESTION, stream_options=options
            )
            async with stream as events:
                whole = await events.get_final_completion()
            assert whole.choices[0].message.content == "42"
            assert whole.choices[0].finish_reason == "stop"
            assert whole.usage is not None and whole.usage.total_tokens > 0

    asyncio.run(run())


@pytest.mark.parametrize(("model", "text"), [("cope", "42"), ("cope/texts", "one two three")])
def test_responses_whole_and_assembled_from_a_stream(
    service: Service, model: str, text: str
) -> None:
    async def run() -> None:
        async with client(service) as api:
            whole = await api.responses.create(model=model, input="What is 6 times 7?")
            assert whole.output_text == text and whole.status == "completed"
            stream = api.responses.stream(model=model, input=QUESTION, instructions="Be brief.")
            async with stream as events:
                kinds = [event.type async for event in events]
                final = await events.get_final_response()
            assert final.output_text == text and final.usage is not None
            assert [item.type for item in final.output] == ["reasoning", "message"]
            assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
            deltas = kinds.count("response.output_text.delta")
            assert deltas == len(text.split())

    asyncio.run(run())


def test_a_served_cascade_is_a_tier_of_another(service: Service) -> None:
    async def run() -> str | None:
        async with client(service) as api:
            address = str(api.base_url).rstrip("/")
            engine = ScriptedEngine(lambda messages, request: "no idea")
            team = Team(engine, f"openai/cope@{address}", cache=False)
            prediction = await Cascade("large", team).acall(question="What is 6 times 7?")
            answer: str | None = prediction.answer
            return answer

    assert asyncio.run(run()) == "42"
