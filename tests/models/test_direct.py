"""A request in the caller's own task gives what DSPy's own path gives, whatever the server does."""

import asyncio
from typing import Any

import dspy
import pytest
from dspy.clients import execution
from dspy.utils.callback import BaseCallback
from support.fault_server import FaultServer, Reply, faulty
from support.faulty_replies import COUNTS, GOOD, REFUSED, RETRIED, api_model, chat, logged
from support.sweeps import sweep

from cope import Team
from cope.errors import CopeError
from cope.models import Call, ScriptedEngine, metered
from cope.models.direct import select_request
from cope.models.lm import TierLM

OTHERS = {
    "good": GOOD,
    "cut at the limit": Reply(chat("Answer", reason="length")),
    "cut without content": Reply(chat(None, reason="length")),
    "thought": Reply(chat("Answer: 7", reasoning_content="3 and 4")),
    "a call of a tool": Reply(
        chat(None, tool_calls=[{"id": "1", "function": {"name": "add", "arguments": "{}"}}])
    ),
    "parts": Reply(chat([{"type": "text", "text": "Answer: "}, {"type": "text", "text": "7"}])),
    "an unknown reason": Reply(chat(reason="whatever")),
    "another model": Reply(chat() | {"model": "other"}),
    "two choices": Reply(chat() | {"choices": chat()["choices"] * 2}),
    "log-probabilities": Reply(logged({"content": [{"token": "7", "logprob": -0.5}]})),
    "damaged log-probabilities": Reply(logged({"content": [{"token": "7", "logprob": "low"}]})),
    "a pause": Reply({"error": {"message": "slow down"}}, 429, {"Retry-After": "7"}),
    "a refused key": Reply({"error": {"message": "no key"}}, 401),
    "a long prompt": Reply(
        {"error": {"message": "too long", "code": "context_length_exceeded"}}, 400
    ),
    "no such model": Reply({"error": {"message": "no m", "code": "model_not_found"}}, 404),
}
REPLIES = {
    **{f"fault: {name}": reply for name, reply in RETRIED.items()},
    **{f"refused: {name}": reply for name, reply in REFUSED.items()},
    **{f"usage: {name}": Reply(chat(usage=usage)) for name, (usage, _) in COUNTS.items()},
    **OTHERS,
}
SETTINGS: list[dict[str, Any]] = [
    {"temperature": 0.8, "rollout_id": 3},
    {"temperature": 0.0, "max_tokens": 30, "stop": ["\n\n"], "logprobs": True},
    {"temperature": 0.5, "seed": 4, "top_p": 0.9},
]


def outcome(lm: TierLM, settings: dict[str, Any]) -> tuple[Any, list[dict[str, Any]], Any]:
    """Return what a call gives or raises, what the meter counts, and its entry in the history."""
    lm.history.clear()
    with metered() as meter:
        try:
            given: Any = lm("3 + 4?", **settings)
        except (dspy.LMError, CopeError) as error:
            details = ("status", "provider_code", "retry_after", "model", "provider")
            given = (type(error), str(error), [getattr(error, name, None) for name in details])
    counted = [without_times(call) for call in meter.calls]
    return plain(given), counted, [comparable(entry) for entry in lm.history]


def without_times(call: Call) -> dict[str, Any]:
    return call.as_dict() | {"seconds": 0.0, "machine_seconds": 0.0}


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    unlike = ("timestamp", "uuid", "cost_details")
    return {name: plain(value) for name, value in entry.items() if name not in unlike}


def plain(value: Any) -> Any:
    return value if isinstance(value, tuple) else repr(value)


def both_ways(
    lm: TierLM, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Any]:
    direct = outcome(lm, settings)
    with monkeypatch.context() as patch:
        patch.setattr("cope.models.lm.is_unobserved", lambda lm: False)
        return direct, outcome(lm, settings)


@pytest.fixture
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.lm.retry_pause", lambda error, attempt: None)


@pytest.mark.usefixtures("no_retries")
@sweep("reply", REPLIES.values(), ids=REPLIES, every=4)
def test_a_reply_counts_as_on_the_path_of_dspy(reply: Reply, monkeypatch: pytest.MonkeyPatch):
    with faulty(reply) as server:
        direct, full = both_ways(api_model(server), SETTINGS[0], monkeypatch)
    assert direct == full
    assert server.bodies[0] == server.bodies[1] and server.keys[0] == server.keys[1]


@pytest.mark.usefixtures("no_retries")
@sweep("reply", REPLIES.values(), ids=REPLIES, every=4)
def test_a_reply_counts_the_same_where_no_history_is_kept(reply: Reply):
    with faulty(reply) as server:
        lm = api_model(server)
        given, counted, kept = outcome(lm, SETTINGS[1])
        with dspy.context(disable_history=True):
            assert outcome(lm, SETTINGS[1]) == (given, counted, [])
    assert len(kept) <= 1


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_reach_the_server_as_on_the_path_of_dspy(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    with faulty(OTHERS["log-probabilities"]) as server:
        direct, full = both_ways(api_model(server), settings, monkeypatch)
    assert direct == full and server.bodies[0] == server.bodies[1]


@pytest.mark.parametrize("settings", SETTINGS)
def test_an_engine_gets_the_request_that_dspy_makes(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    requests: list[Any] = []

    def answer(messages: Any, request: Any) -> str:
        requests.append(request)
        return "Answer: 7"

    engine = ScriptedEngine(answer)
    lm = Team(small=engine, large=engine, cache=False)["small"].lm
    direct, full = both_ways(lm, settings, monkeypatch)
    assert direct == full and requests[0] == requests[1]


def test_samples_of_a_prompt_differ_in_their_seeds():
    seeds: list[int | None] = []

    def answer(messages: Any, request: Any) -> str:
        seeds.append(request.config.seed)
        return "Answer: 7"

    engine = ScriptedEngine(answer)
    lm = Team(small=engine, large=engine, cache=False)["small"].lm
    for seed in (1, 2, 1, None):
        lm("3 + 4?", temperature=0.8, seed=seed)
    assert seeds == [1, 2, 1, None]


def asked_directly(server: FaultServer, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> bool:
    """Return whether a call leaves DSPy's own path aside."""
    ways: list[str] = []
    lm = api_model(server)
    original = dspy.LM.acall

    async def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        ways.append("DSPy's")
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(dspy.LM, "acall", noted)
    with dspy.context(**settings):
        assert lm("3 + 4?") == ["Answer: 7"]
    return not ways


def test_only_a_call_that_nobody_observes_is_made_directly(monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []

    class Observer(BaseCallback):
        def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            seen.append(inputs["prompt"])

    with faulty(GOOD) as server:
        assert asked_directly(server, monkeypatch)
        assert not asked_directly(server, monkeypatch, callbacks=[Observer()])
    assert seen == ["3 + 4?"]


ALIKE = {
    "plain": {},
    "with a refusal that is empty": {"refusal": None},
    "with annotations": {"annotations": [{"type": "url"}]},
    "thought": {"reasoning_content": "3 and 4"},
    "a call of a tool": {
        "tool_calls": [{"id": "1", "function": {"name": "add", "arguments": "{}"}}]
    },
}


@pytest.mark.parametrize("reason", ["stop", "length", "unknown"])
@pytest.mark.parametrize("message", ALIKE.values(), ids=ALIKE)
def test_each_of_several_completions_is_read_as_dspy_reads_it_alone(
    message: dict[str, Any], reason: str
):
    def answer(body: dict[str, Any]) -> Reply:
        texts = [f"Answer: {index}" for index in range(body.get("n", 1))]
        choices = [chat(text, reason=reason, **message)["choices"][0] for text in texts]
        usage = {"prompt_tokens": 30, "completion_tokens": 4 * len(texts)}
        return Reply(chat(usage=usage) | {"choices": choices})

    async def both(lm: TierLM) -> tuple[list[Any], Any]:
        call = execution.prepare(lm, "3 + 4?", None, {"temperature": 0.5}, asynchronous=True)
        request = await select_request(lm, call)
        assert request is not None and request.wire is not None
        return (await request.send_for(3)).responses, await request.send()

    with faulty(answer) as server:
        several, alone = asyncio.run(both(api_model(server)))
    assert [response.usage.input_tokens for response in several] == [30, 0, 0]
    for index, response in enumerate(several):
        assert response.usage.output_tokens == 4
        assert str(response.message).replace(f"Answer: {index}", "Answer: 0") == str(alone.message)
        assert response.finish_reason == alone.finish_reason
        assert response.provider_data["choices"][0]["message"]["content"] == f"Answer: {index}"
