"""Chat completions over a scripted team, without a socket."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support.api import ask, body, chunks, client
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service


@pytest.fixture
def service(scripted: Callable[..., Any]) -> Service:
    team = scripted(lambda ask: "Plan." if ask.role == "plan" else "So.\nAnswer: 42").team
    return Service(Cascade("cope", team), {"small": Cascade("small", team)})


def open_service() -> Service:
    team = Team(*[ScriptedEngine(lambda m, r: " one two END three ")] * 2, cache=False)
    return Service(Cascade("small", team, domain="open"))


def test_a_whole_reply_has_the_answer_the_rounds_and_the_usage(service: Service) -> None:
    reply = ask(service, body()).json()
    message = reply["choices"][0]["message"]
    assert message["content"] == "42"
    assert "round 1:" in message["reasoning_content"] and "accepted" in message["reasoning_content"]
    assert reply["cope"]["round"] == 1 and reply["cope"]["confidence"] >= 0.75
    usage = reply["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]


def test_a_stream_tells_the_rounds_while_they_happen_and_ends_with_usage(service: Service) -> None:
    response = ask(service, body(stream=True, stream_options={"include_usage": True}))
    parts = chunks(response)
    deltas = [part["choices"][0]["delta"] for part in parts if part["choices"]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content") or "" for delta in deltas) == "42"
    reasoning = [delta["reasoning_content"] for delta in deltas if "reasoning_content" in delta]
    assert len(reasoning) > 8  # a round, its plans, its samples and the gate
    assert parts[-2]["choices"][0]["finish_reason"] == "stop" and parts[-2]["cope"]["round"] == 1
    assert parts[-1]["choices"] == [] and parts[-1]["usage"]["total_tokens"] > 0
    assert response.headers["x-accel-buffering"] == "no"


def test_the_answers_own_words_stream_where_one_sample_answers() -> None:
    parts = chunks(ask(open_service(), body(stream=True, stop="END")))
    content = [part["choices"][0]["delta"].get("content") for part in parts]
    assert [part for part in content if part] == ["one", " two"]


@pytest.mark.parametrize(
    ("messages", "question"),
    [
        ([("system", "Be brief."), ("user", "Hi")], "Be brief.\n\nHi"),
        ([("user", "Say yes."), ("assistant", "Yes."), ("user", "Again")], "Request: Say yes."),
        (
            [("user", [{"type": "text", "text": "in"}, {"type": "text", "text": "parts"}])],
            "in\nparts",
        ),
    ],
)
def test_all_messages_reach_the_model(
    scripted: Callable[..., Any], messages: list[Any], question: str
) -> None:
    world = scripted(lambda ask: "Answer: 1")
    sent = [{"role": role, "content": content} for role, content in messages]
    ask(Service(Cascade("small", world.team)), {"model": "cope", "messages": sent})
    assert question in world.asks[0].user


@sweep(
    ("change", "status", "said"),
    [
        ({"model": "gpt-9"}, 404, "gpt-9"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400, "role user"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "empty"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "only texts"),
        ({"n": 0}, 400, "n:"),
        ({"temperature": 9}, 400, "temperature"),
        ({"stop": ["x"] * 17}, 400, "stop"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, 400, "only texts"),
        ({"messages": [{"role": "user", "content": "x" * 300_000}]}, 413, "characters"),
        ({"messages": [{"role": "user", "content": "x" * 1_100_000}]}, 413, "bytes"),
    ],
    every=4,
)
def test_what_cannot_be_answered_is_refused_in_the_form_of_the_api(
    service: Service, change: dict[str, Any], status: int, said: str
) -> None:
    response = ask(service, body() | change)
    assert response.status_code == status
    error = response.json()["error"]
    assert said in error["message"] and set(error) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails_is_an_error_without_its_details(
    scripted: Callable[..., Any], stream: bool
) -> None:
    def fail(ask: Any) -> str:
        raise RuntimeError("secret-key-123")

    response = ask(Service(Cascade("small", scripted(fail).team)), body(stream=stream))
    text = response.text
    assert "secret-key-123" not in text and '"error"' in text
    assert response.status_code == (200 if stream else 502)


def test_a_full_queue_refuses_before_any_call() -> None:
    release = asyncio.Event()

    async def wait(messages: Any, request: Any) -> str:
        await release.wait()
        return "Answer: 1"

    engine = ScriptedEngine(wait)
    service = Service(Cascade("small", Team(engine, engine, cache=False)))

    async def run() -> list[int]:
        async with client(service, at_once=1, queue=1) as http:
            sent = []
            for _ in range(3):
                sent.append(asyncio.create_task(http.post("/v1/chat/completions", json=body())))
                await asyncio.sleep(0.01)
            refused = await sent[-1]
            assert refused.headers["retry-after"] == "1" and len(engine.requests) == 1
            release.set()
            return [(await task).status_code for task in sent]

    assert asyncio.run(run()) == [200, 200, 429]


@pytest.mark.parametrize("count", [1, 3])
def test_n_gives_so_many_choices_with_seeds_of_their_own(
    scripted: Callable[..., Any], count: int
) -> None:
    world = scripted(lambda ask: f"Answer: {ask.seed}")
    team = world.team
    reply = ask(Service(Cascade("self-consistency", team)), body(n=count, seed=5)).json()
    assert [choice["index"] for choice in reply["choices"]] == list(range(count))
    assert len({ask.seed for ask in world.asks}) == 8 * count


def test_limits_of_the_request_reach_the_answering_call(scripted: Callable[..., Any]) -> None:
    world = scripted(lambda ask: "Answer: 1")
    service = Service(Cascade("small", world.team))
    ask(service, body(temperature=0.5, max_tokens=7))
    config = world.small.requests[0].config
    assert (config.temperature, config.max_tokens) == (0.5, 7)


def test_models_are_listed_and_found(service: Service) -> None:
    async def get() -> tuple[Any, ...]:
        async with client(service) as http:
            listed = (await http.get("/v1/models")).json()
            one = await http.get("/v1/models/cope/small")
            none = await http.get("/v1/models/cope/huge")
            return [model["id"] for model in listed["data"]], one.json()["id"], none.status_code

    assert asyncio.run(get()) == (["cope", "cope/small"], "cope/small", 404)


def test_confidences_are_ranked_among_all_requests_whatever_their_settings() -> None:
    engine = ScriptedEngine(lambda messages, request: "yes", logprobs=lambda text: [-0.5])
    service = Service(Cascade("answer-cascade", Team(engine, engine, cache=False), domain="open"))
    for number in range(1, 4):
        reply = ask(service, body(max_tokens=100 + number, seed=number)).json()
    assert "of 3 questions so far" in reply["choices"][0]["message"]["reasoning_content"]
