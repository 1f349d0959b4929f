"""A tier's language model is DSPy's own, with limits, prices and the meter."""

import asyncio
import copy
import pickle
import threading
import time
from typing import Any

import dspy
import pytest
from dspy.lm15 import ContextLengthError, Message, Request, ServerError, TransportError
from support.tier_lms import engine_of, tier_lm

from cope import CopeError
from cope.models import Price, call_labels, metered
from cope.models.call_arguments import supported_arguments
from cope.models.concurrency import PrioritySemaphore, TierScheduler
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.lm import TierLM
from cope.models.runtime import TierRuntime


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))


# Calls and their labels


def test_a_call_is_booked_with_its_tokens_and_labels():
    lm = tier_lm()
    with metered() as meter, call_labels(round=2, role="plan"):
        assert lm("two words") == ["four words of reply"]
    (call,) = meter.calls
    assert (call.tier, call.model, call.round, call.role) == ("small", "engine/x", 2, "plan")
    assert (call.prompt_tokens, call.completion_tokens, call.usd) == (2, 4, None)
    assert call.seconds and call.machine_seconds
    assert not (call.cache_hit or call.cancelled or call.from_ledger or call.truncated)


def test_sync_async_and_in_a_running_loop():
    lm = tier_lm()

    async def cell() -> list[Any]:
        return [lm("a"), await lm.acall("b"), *await asyncio.gather(*(lm.acall(x) for x in "cde"))]

    with metered() as meter:
        assert asyncio.run(cell()) == [["four words of reply"]] * 5
    assert meter.total().calls == 5


def test_the_time_in_the_queue_is_not_the_calls(monkeypatch: pytest.MonkeyPatch):
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)

    def reply(*_: Any) -> str:
        nonlocal now
        now += 0.1
        return "x"

    lm = tier_lm(reply, semaphore=PrioritySemaphore(1))

    async def three() -> None:
        await asyncio.gather(*(lm.acall(x) for x in "abc"))

    with metered() as meter:
        asyncio.run(three())
    assert [call.seconds for call in meter.calls] == pytest.approx([0.1] * 3)


def test_metered_also_where_dspys_history_is_off():
    lm = tier_lm()
    with dspy.context(disable_history=True), metered() as meter:
        lm("a")
    assert meter.total().prompt_tokens == 1 and lm.history == []
    lm("b")
    assert len(lm.history) == 1 and lm.history[0]["usage"]["prompt_tokens"] == 1


def test_an_explicit_request_is_metered_too():
    lm = tier_lm()
    with metered() as meter:
        response = lm(Request(model="engine/x", messages=(Message.user("two words"),)))
    assert response.message.parts[0].text == "four words of reply"
    assert meter.total().prompt_tokens == 2


def test_callbacks_see_every_call_once():
    seen = []

    class Watch(dspy.utils.BaseCallback):
        def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            seen.append(instance.tier)

    with dspy.context(callbacks=[Watch()]):
        tier_lm()("a")
    assert seen == ["small"]


# What is sent


def test_a_greedy_call_has_no_rollout_and_a_sampled_one_has():
    lm = tier_lm()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *args, **kwargs: pytest.fail(f"warned: {args}"))
        lm("a", temperature=0.0, rollout_id=3)
    lm("a", temperature=0.5, rollout_id=3, seed=4, max_tokens=9, stop=["\n\n"])
    greedy, sampled = (request.config for request in engine_of(lm).requests)
    assert (greedy.temperature, sampled.temperature, sampled.seed) == (0.0, 0.5, 4)
    assert (sampled.max_tokens, sampled.stop) == (9, ("\n\n",))


def test_a_reasoning_model_is_sent_none_of_what_it_refuses():
    lm = TierLM("openai/gpt-5-mini", tier="large")
    kwargs = {"temperature": 0.8, "max_tokens": 80, "stop": ["\n\n"], "rollout_id": 5}
    assert supported_arguments(kwargs, lm.kwargs) == {"rollout_id": 5}
    other = TierLM("openai/gpt-4o-mini", tier="large")
    assert supported_arguments(kwargs, other.kwargs) == kwargs


# Errors


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("raised", "seen", "attempts"),
    [
        (TransportError("no answer"), dspy.LMTransportError, 4),
        (ServerError("busy", status=503), dspy.LMServerError, 4),
        (ContextLengthError("too long"), dspy.ContextWindowExceededError, 1),
        (CopeError("bring it with a command"), dspy.LMError, 1),
        (KeyError("bug"), dspy.LMError, 1),
    ],
)
def test_errors_of_the_engine(raised: Exception, seen: type[Exception], attempts: int):
    def fail(messages: Any, request: Any) -> str:
        raise raised

    lm = tier_lm(fail)
    with metered() as meter, pytest.raises(seen) as caught:
        lm("a")
    assert len(engine_of(lm).requests) == attempts
    assert caught.value.__cause__ is raised
    assert meter.calls == [] and engine_of(lm).running == 0


@pytest.mark.usefixtures("no_waiting")
def test_a_failure_that_passes_is_not_seen():
    replies = iter([TransportError("reset"), ServerError("loading"), "fine"])

    def script(messages: Any, request: Any) -> str:
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    with metered() as meter:
        assert tier_lm(script)("a") == ["fine"]
    assert meter.total().calls == 1


def test_an_error_frees_the_place_and_the_turn():
    def fail(messages: Any, request: Any) -> str:
        raise ContextLengthError("too long")

    lm = tier_lm(fail, semaphore=PrioritySemaphore(1), scheduler=TierScheduler())
    for _ in range(3):
        with pytest.raises(dspy.ContextWindowExceededError):
            lm("a")


# Limits and turns


def test_copies_share_the_limit():
    async def reply() -> str:
        async with asyncio.timeout(60):
            while engine_of(lm).most_running < 2:
                await asyncio.sleep(0)
        await asyncio.sleep(0)  # here a third one could begin
        return "x"

    lm = tier_lm(lambda messages, request: reply(), semaphore=PrioritySemaphore(2))
    copies = [lm.copy(temperature=0.5), copy.deepcopy(lm), lm.copy(rollout_id=1, temperature=1.0)]

    async def all_of_them() -> None:
        await asyncio.gather(*(one.acall(str(n)) for one in copies for n in range(4)))

    asyncio.run(all_of_them())
    assert engine_of(lm).most_running == 2 and len(engine_of(lm).requests) == 12
    assert all(one.tier == "small" for one in copies)


def test_tiers_of_one_machine_take_turns():
    turns, running, lock, mixed = TierScheduler(), [], threading.Lock(), []

    async def watch(name: str) -> str:
        with lock:
            running.append(name)
            mixed.append(len(set(running)) > 1)
        await asyncio.sleep(0.002)
        with lock:
            running.remove(name)
        return name

    tiers = [
        tier_lm(lambda m, r, name=name: watch(name), scheduler=turns) for name in ("small", "large")
    ]
    tiers[1].tier = "large"

    async def all_of_them() -> None:
        await asyncio.gather(*(lm.acall(str(n)) for n in range(6) for lm in tiers))

    asyncio.run(all_of_them())
    assert len(mixed) == 12 and not any(mixed)


# Saved and copied


def test_a_pickled_model_keeps_its_settings():
    from cope.models.engines.ollama import OllamaEngine

    engine = OllamaEngine("qwen2.5:3b", "http://10.0.0.2:11434", context=512)
    runtime = TierRuntime(PrioritySemaphore(3), TierScheduler(2.0), price=Price(1, 2))
    lm = TierLM(
        "ollama/x",
        tier="judge",
        runtime=runtime,
        engine=engine,
        async_engine=AsyncEngineAdapter(engine),
        max_tokens=9,
    )
    back = pickle.loads(pickle.dumps(lm))
    assert (back.tier, back.model, back.kwargs["max_tokens"]) == ("judge", "ollama/x", 9)
    assert back.engine.dump_state() == engine.dump_state()
    assert (back.runtime.semaphore.size, back.runtime.scheduler.time_slice, back.runtime.price) == (
        3,
        2.0,
        Price(1, 2),
    )


def test_dumped_and_loaded():
    from cope.models.engines.ollama import OllamaEngine

    engine = OllamaEngine("qwen2.5:3b", "http://10.0.0.2:11434")
    lm = TierLM(
        "ollama/x",
        tier="judge",
        engine=engine,
        async_engine=AsyncEngineAdapter(engine),
        max_tokens=9,
    )
    back = dspy.BaseLM.load_state(lm.dump_state(), allow_custom_lm_class=True)
    assert (
        isinstance(back, TierLM) and back.tier == "judge" and back.dump_state() == lm.dump_state()
    )
