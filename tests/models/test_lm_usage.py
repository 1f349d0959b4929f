"""What a call costs: the user's price, DSPy's cache, and calls that are given up."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dspy
import pytest
from dspy.lm15 import ContextLengthError, Message, Request, Response, TextPart, Usage
from support.sweeps import sweep
from support.tier_lms import engine_of, tier_lm

from cope import Cascade, Team
from cope.models import Call, Meter, Price, ScriptedEngine, admission_control, metered
from cope.models.concurrency import PrioritySemaphore
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.lm import TierLM, report_partial_usage


class Named(ScriptedEngine):
    """A model with a name, under which the cache finds its replies."""

    @property
    def name(self) -> str:
        """The model's name."""
        return "scripted/named"


class Silent(ScriptedEngine):
    """Reports no tokens, as some servers do."""

    async def agenerate(self, request: Request) -> Response:
        await super().agenerate(request)
        return Response(None, request.model, Message.assistant([TextPart("ok")]), "stop", Usage())


# Money


@pytest.mark.parametrize(
    ("price", "usd"),
    [
        (None, None),
        (Price(1e6, 10e6), 2 + 40),
        (Price(1e6, 10e6, per_hour=1e-9), 42),
        (Price(), 0.0),
    ],
)
def test_the_users_price(price: Price | None, usd: float | None):
    with metered() as meter:
        tier_lm(price=price)("two words")
    assert meter.calls[0].usd == (usd if usd is None else pytest.approx(usd))


def test_a_price_by_the_hour_needs_no_tokens():
    lm = tier_lm(price=Price(per_hour=3600))
    lm._engine_spec = Silent(lambda messages, request: "", 0.01)
    lm._async_engine_spec = AsyncEngineAdapter(lm._engine_spec)
    with metered() as meter:
        lm("a")
    assert meter.calls[0].usd == pytest.approx(meter.calls[0].machine_seconds)


def test_unknown_tokens_have_no_price():
    lm = tier_lm(price=Price(1, 1))
    lm._engine_spec = Silent(lambda messages, request: "")
    lm._async_engine_spec = AsyncEngineAdapter(lm._engine_spec)
    with metered() as meter:
        lm("a")
    assert meter.calls[0].usd is None and not meter.calls[0].cache_hit
    assert meter.total().unpriced == 1


# DSPy's cache


@sweep("on_disk", [False, True], every=2)
def test_a_hit_keeps_what_the_original_call_used(tmp_path: Path, on_disk: bool):
    dspy.configure_cache(
        enable_memory_cache=not on_disk,
        enable_disk_cache=on_disk,
        disk_cache_dir=str(tmp_path),
        restrict_pickle=True,
    )
    engines = [
        ScriptedEngine(lambda messages, request: f"Answer: {(request.config.seed or 0) % 2}")
        for _ in "ab"
    ]
    team = Team(*engines, prices={"small": Price(1, 1), "large": Price(1, 1)})
    with metered() as cold:
        first = Cascade("cope", team, early_stop="none")(question="Heads?")
    asked = len(engines[0].requests) + len(engines[1].requests)
    with metered() as warm:
        second = Cascade("cope", team, early_stop="none")(question="Heads?")
    assert len(engines[0].requests) + len(engines[1].requests) == asked > 8
    assert (second.answer, second.votes, second.plan) == (first.answer, first.votes, first.plan)
    before, after = cold.total(), warm.total()
    assert (after.calls, after.hits, before.hits) == (asked, asked, 0)
    assert (after.tokens, after.usd, after.unpriced) == (before.tokens, before.usd, 0)
    assert after.seconds == pytest.approx(before.seconds) and before.seconds
    assert after.machine_seconds == pytest.approx(before.machine_seconds)
    assert first.cost == second.cost == pytest.approx(before.usd)
    assert (first.spent_bounds, second.spent_bounds) == (first.cost_bounds, [0, 0])
    assert [row["hits"] for row in second.usage] == [row["calls"] for row in second.usage]


def test_a_hit_costs_what_it_would_cost_at_this_runs_price():
    def team(price: Price | None) -> Team:
        return Team(
            Named(lambda messages, request: "Answer: 1"),
            prices={"small": price} if price else {},
        )

    assert Cascade("small", team(Price(1e6, 1e6)))(question="1?").cost > 0
    dearer = Cascade("small", team(Price(2e6, 2e6)))(question="1?")
    assert dearer.cost == 2 * Cascade("small", team(None))(question="1?").cost
    assert dearer.spent_bounds == [0, 0] and dearer.usage[0]["hits"] == 1


def test_a_cached_reply_of_another_program_keeps_its_tokens_and_no_seconds():
    engine = Named(lambda messages, request: "Answer: 1")
    lm = Team(engine, prices={"small": Price(1, 1)})["small"].lm
    dspy.LM(lm.model, engine=engine, async_engine=AsyncEngineAdapter(engine), max_tokens=512)("a b")
    asyncio.run(
        dspy.LM(
            lm.model, engine=engine, async_engine=AsyncEngineAdapter(engine), max_tokens=512
        ).acall("a b")
    )
    with metered() as meter:
        lm("a b")
    (call,) = meter.calls
    assert call.cache_hit and (call.prompt_tokens, call.completion_tokens) == (2, 2)
    assert call.usd == pytest.approx(4e-6) and call.seconds is None


def test_samples_are_no_hits_of_each_other():
    engine = ScriptedEngine(lambda messages, request: "Answer: 1")
    prediction = Cascade("self-consistency", Team(engine, engine), early_stop="none")(question="1?")
    assert len(engine.requests) == 8 and len({r.config.seed for r in engine.requests}) == 8
    assert (prediction.usage[0]["calls"], prediction.usage[0]["hits"]) == (8, 0)


def test_tiers_do_not_answer_from_each_others_cache():
    small = ScriptedEngine(lambda messages, request: "Answer: 1")
    large = ScriptedEngine(lambda messages, request: "Answer: 2")
    team = Team(small, large)
    assert [Cascade(name, team)(question="1 or 2?").answer for name in ("small", "large")] == [
        "1",
        "2",
    ]


@pytest.mark.parametrize(("price", "usd"), [(None, 0.5), (Price(1, 1), None)])
def test_a_hit_from_litellms_cache_is_one_too(price: Price | None, usd: float | None):
    """DSPy repeats the old cost there, and marks the response, which has no tokens any more."""
    call = Meter()
    lm = tier_lm(price=price)
    raw = SimpleNamespace(usage={}, cache_hit=True)

    async def noted() -> None:
        async def finish(*args: Any, **kwargs: Any) -> list[str]:
            lm.update_history(
                {"usage": {}, "cost": 0.5, "response": raw, "outputs": ["x"], "model": "m"}
            )
            return ["x"]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dspy.LM, "acall", finish)
            patch.setattr("cope.models.lm.is_unobserved", lambda lm: False)  # DSPy's own path
            await lm.acall("a")

    with metered(call):
        asyncio.run(noted())
    assert (call.total().hits, call.total().calls, call.total().usd) == (1, 1, usd)
    assert call.total().tokens is None


def cancelled_call(lm: TierLM, started: Callable[[], bool]) -> Meter:
    """Cancel a call once its engine has started."""

    async def scene() -> None:
        task = asyncio.ensure_future(lm.acall("three words here"))
        while not started():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with metered() as meter:
        asyncio.run(scene())
    return meter


def test_a_cancelled_call_is_booked_with_what_it_used():
    lm = tier_lm(delay=60, price=Price(1e6, 1e6))
    (call,) = cancelled_call(lm, lambda: engine_of(lm).running == 1).calls
    assert call.cancelled and engine_of(lm).cancelled == 1
    assert (call.prompt_tokens, call.completion_tokens, call.usd) == (3, 0, 3.0)
    assert call.seconds and call.seconds < 30


def test_what_a_cancelled_call_did_not_tell_is_unknown():
    started: list[Request] = []

    class API(ScriptedEngine):
        async def agenerate(self, request: Request) -> Response:
            started.append(request)
            await asyncio.sleep(60)
            raise AssertionError

    class HalfKnown(API):
        async def agenerate(self, request: Request) -> Response:
            try:
                return await super().agenerate(request)
            finally:
                report_partial_usage(0, 17)  # Ollama tells the prompt's tokens at the end only

    for engine, completion in ((API("x"), 0), (HalfKnown("x"), 17)):  # pyright: ignore[reportArgumentType]
        lm = tier_lm(price=Price(1, 1))
        lm._engine_spec, lm._async_engine_spec = engine, AsyncEngineAdapter(engine)
        started.clear()
        (call,) = cancelled_call(lm, lambda: bool(started)).calls
        assert call.cancelled and call.usd is None and call.completion_tokens == completion


def test_a_call_that_never_left_the_queue_is_none():
    answered = asyncio.Event()

    async def reply() -> str:
        await answered.wait()
        return "x"

    lm = tier_lm(lambda messages, request: reply(), semaphore=PrioritySemaphore(1))

    async def scene() -> None:
        first = asyncio.ensure_future(lm.acall("a"))
        while engine_of(lm).running < 1:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(lm.acall("b"))
        for _ in range(20):  # time to come as far as the queue
            await asyncio.sleep(0)
        second.cancel()
        answered.set()
        await asyncio.gather(first, second, return_exceptions=True)

    with metered() as meter:
        asyncio.run(scene())
    assert meter.total().calls == 1 and meter.total().cancelled == 0
    assert len(engine_of(lm).requests) == 1


def test_note_partial_outside_of_a_call_does_nothing():
    report_partial_usage(1, 2, 3)


@pytest.mark.parametrize(
    ("price", "usd"),
    [(Price(1, 2), 0.0), (Price(per_hour=3600.0), "its time"), (None, None)],
    ids=["token", "hour", "none"],
)
def test_a_call_that_fails_costs_what_is_known_of_it(price: Price | None, usd: Any) -> None:
    """No tokens, so no money by the token; its time at an hourly price; nothing that is known without a price."""
    settled: list[Call] = []
    failures: list[Exception] = []

    class Watching:
        def before_call(self) -> None: ...

        def on_error(self, call: Call, error: Exception) -> None:
            failures.append(error)

        def after_call(self, call: Call) -> None:
            settled.append(call)

    def fails(*_: Any) -> str:
        raise ContextLengthError("too long")

    team = Team(ScriptedEngine(fails), prices={"small": price} if price else {}, cache=False)
    with admission_control(Watching()), pytest.raises(dspy.LMError):
        team["small"].lm("Is it so?")
    (call,) = settled
    assert len(failures) == 1
    assert call.usd == (pytest.approx(call.machine_seconds) if usd == "its time" else usd)


def test_the_price_of_a_call_that_is_not_made_yet() -> None:
    team = Team(
        "openai/gpt-4o-mini",
        "openai/nobody-knows",
        own=ScriptedEngine(str),
        prices={"own": Price(1, 2)},
    )
    known, unknown, own = (
        team[name].lm.price_of(1_000_000, 1_000_000, 1.0) for name in ("small", "large", "own")
    )
    assert known and unknown is None and own == 3.0
    assert Team("local/qwen2.5-coder-0.5b")["small"].lm.price_of(1, 1, 1.0) is None
