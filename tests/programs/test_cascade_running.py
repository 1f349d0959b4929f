"""Where a cascade may be called from, how much is in flight, what is left undone, and how failures end it."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dspy
import pytest
from dspy.lm15 import ContextLengthError, TransportError
from support.cascade_replies import QUESTION, agreement, no_agreement
from support.sweeps import sweep

from cope import Cascade, CopeError, load_preset, metered
from cope.programs.events import RoundStarted, SampleCounted, use_observer
from cope.programs.sampling import derive_seed

# Stopping early


class InTurn:
    """Lets the reasoners of a round reply one after the other, in an order drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.gates: list[asyncio.Event] = []
        self.turns: list[int] = []
        self.counted = 0

    def observe(self, event: object) -> None:
        if isinstance(event, RoundStarted):
            self.gates = [asyncio.Event() for _ in range(event.samples)]
            self.turns = self.chance.sample(range(event.samples), event.samples)
            self.counted = 0
            self.gates[0].set()
        if isinstance(event, SampleCounted):
            self.counted += 1
            if self.counted < len(self.gates):
                self.gates[self.counted].set()

    async def wait(self) -> None:
        await self.gates[self.turns.pop()].wait()


@sweep("preset", ["cope", "answer-cascade", "self-consistency"], every=3)
def test_stopping_early_answers_as_all_samples_do(scripted, preset: str):
    """Random answers in a random order; some rounds agree and some do not."""
    saved = 0
    for seed in range(4):
        chance = random.Random(seed)
        spread = chance.choice((1, 2, 3, 8))
        order = InTurn(seed)

        async def reply(ask: Any, seed=seed, spread=spread, order=order) -> str:
            if ask.role == "plan":
                return f"Plan {ask.seed}."
            await order.wait()
            roll = random.Random(f"{seed} {ask.seed} {ask.tier}")
            return "" if roll.random() < 0.1 else f"Answer: {roll.randrange(spread)}"

        runs = []
        for rule in ("exact", "none"):
            cascade = Cascade(preset, scripted(reply).team, seed=seed, early_stop=rule)
            with use_observer(order.observe):
                runs.append(cascade(question=QUESTION))
        early, full = runs
        assert (early.answer, early.round) == (full.answer, full.round)
        assert [r["accepted"] for r in early.rounds] == [r["accepted"] for r in full.rounds]
        handed = load_preset(preset).forwards_plan
        for a, b in zip(early.rounds, full.rounds, strict=True):
            assert a["accepted"] or not handed(a["round"]) or a["plan"] == b["plan"]
        saved += sum(
            b["asked"] - a["asked"] for a, b in zip(early.rounds, full.rounds, strict=True)
        )
    assert saved > 0


def test_requests_that_are_not_needed_are_cancelled_at_the_engine(scripted):
    slow = {derive_seed(0, 1, "reason", index) for index in (2, 5)}

    async def reply(ask: Any) -> str:
        """All eight are in flight before the first of the quick ones comes in."""
        if ask.role == "reason":
            await s.until_asked(8)
            if ask.seed in slow:
                await asyncio.sleep(60)
        return agreement(ask)

    s = scripted(reply)
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert (prediction.answer, prediction.round, prediction.confidence) == ("3", 1, 0.75)
    assert s.small.cancelled == 2 and s.small.running == 0 and prediction.seconds < 10
    reasons = next(line for line in prediction.usage if line["role"] == "reason")
    assert (reasons["calls"], reasons["cancelled"]) == (8, 2)
    words = len(s.asks[-1].system.split()) + len(s.asks[-1].user.split())
    assert reasons["prompt_tokens"] == 8 * words and reasons["completion_tokens"] == 6 * 3


def test_a_shared_plan_needs_no_vote_to_be_handed_on(scripted):
    """Round 2 of cope: once four of eight cannot agree any more, the rest is left, whoever leads."""
    slow = {derive_seed(0, 2, "reason", index) for index in (0, 4)}
    s = scripted(no_agreement, delay=lambda request: 30 if request.config.seed in slow else 0.0)
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert [made["asked"] for made in prediction.rounds] == [8, 6, 1]
    assert prediction.rounds[1]["plan"].startswith("Guideline") and s.small.cancelled == 2


# Concurrency


def crowded(scripted, reply: Callable[[Any], str], limit: int, **options: Any) -> Any:
    """A team whose small tier replies only when so many of its calls have been in flight together."""

    async def crowd(ask: Any) -> str:
        async with asyncio.timeout(60):
            while ask.tier == "small" and s.small.most_running < limit:
                await asyncio.sleep(0)
        return reply(ask)

    s = scripted(crowd, **options)
    return s


def test_all_samples_are_in_flight_together(scripted):
    s = crowded(scripted, no_agreement, 8)
    Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    assert s.small.most_running == 8


@pytest.mark.parametrize("limit", [1, 3])
def test_up_to_the_limit_of_the_tier(scripted, limit: int):
    s = crowded(scripted, agreement, limit, limits={"small": limit})
    Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    assert s.small.most_running == limit


def test_the_limit_holds_for_several_questions_and_loops(scripted):
    s = crowded(scripted, agreement, 4, limits={"small": 4})
    cascade = Cascade("cope", s.team, early_stop="none")

    async def some(count: int) -> list[dspy.Prediction]:
        return await asyncio.gather(*(cascade.acall(question=f"{n}?") for n in range(count)))

    with ThreadPoolExecutor(3) as pool:
        made = [p for group in pool.map(lambda _: asyncio.run(some(3)), range(3)) for p in group]
        made += pool.map(lambda n: cascade(question=f"{n}?"), range(3))
    assert [p.answer for p in made] == ["3"] * 12
    assert s.small.most_running == 4


@pytest.mark.slow
def test_in_dspys_evaluate_with_threads(scripted):
    s = crowded(scripted, agreement, 5, limits={"small": 5})
    devset = [dspy.Example(question=f"{n}?", answer="3").with_inputs("question") for n in range(8)]
    evaluate = dspy.Evaluate(
        devset=devset,
        metric=lambda example, made, trace=None: made.answer == example.answer,
        num_threads=4,
    )
    result = evaluate(Cascade("cope", s.team, early_stop="none"))
    assert result.score == 100.0
    assert s.small.most_running == 5 and len(s.small.requests) == 8 * 16
    # Each question's usage is its own, though they ran side by side.
    assert [sum(line["calls"] for line in made.usage) for _, made, _ in result.results] == [16] * 8


def test_in_a_running_loop(scripted):
    cascade = Cascade("cope", scripted(agreement).team)

    async def cell() -> list[Any]:
        return [cascade(question=QUESTION).answer, (await cascade.acall(question=QUESTION)).answer]

    assert asyncio.run(cell()) == ["3", "3"]


def test_inside_a_users_program(scripted):
    cascade = Cascade("small", scripted(agreement).team)

    class Twice(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cascade = cascade

        def forward(self, question: str) -> dspy.Prediction:
            first = self.cascade(question=question)
            return self.cascade(question=f"{question} {first.answer}")

    program = Twice()
    assert program(question="?").answer == "3"
    with dspy.context(lm=None):
        assert (
            dspy.Parallel(num_threads=2, disable_progress_bar=True)(
                [(program, {"question": "?"})] * 3
            )[2].answer
            == "3"
        )


def test_questions_meter_and_observe_for_themselves(scripted):
    s = scripted(agreement, delay=0.002)
    cascade = Cascade("cope", s.team, early_stop="none")
    seen: dict[str, list[Any]] = {}

    def ask(question: str) -> dspy.Prediction:
        with use_observer(seen.setdefault(question, []).append):
            return cascade(question=question)

    with ThreadPoolExecutor(4) as pool, metered() as nothing:
        made = list(pool.map(ask, map(str, range(4))))
    assert all(sum(line["calls"] for line in p.usage) == 16 for p in made)
    assert (
        all(sum(isinstance(e, SampleCounted) for e in events) == 8 for events in seen.values())
        and len(seen) == 4
    )
    assert nothing.calls == []  # the pool's threads are not in this context


# Errors


def failing(error: Exception, index: int = 3) -> Callable[[Any], str]:
    seed = derive_seed(0, 1, "reason", index)

    def reply(ask: Any) -> str:
        if ask.seed == seed:
            raise error
        return agreement(ask)

    return reply


@pytest.mark.parametrize(
    ("error", "seen", "attempts"),
    [
        (TransportError("no answer"), dspy.LMTransportError, 4),
        (ContextLengthError("too long"), dspy.ContextWindowExceededError, 1),
        (CopeError("bring it with a command"), dspy.LMError, 1),
    ],
)
def test_a_model_that_fails_is_an_error_and_never_an_answer(
    scripted,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    seen: type[Exception],
    attempts: int,
):
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    bad = derive_seed(0, 1, "reason", 3)

    async def reply(ask: Any) -> str:
        """The one fails when all eight are in flight."""
        if ask.role == "reason":
            await s.until_asked(8)
            if ask.seed != bad:
                await asyncio.sleep(60)
        return failing(error)(ask)

    s = scripted(reply)
    with pytest.raises(seen) as caught:
        Cascade("cope", s.team)(question=QUESTION)
    assert caught.value.__cause__ is error
    assert sum(request.config.seed == bad for request in s.small.requests) == attempts
    assert s.small.cancelled == 7 and s.small.running == 0


def test_a_failure_of_a_planner(scripted):
    s = scripted(
        lambda ask: 1 / 0 if ask.role == "plan" and ask.tier == "large" else no_agreement(ask)
    )
    with pytest.raises(dspy.LMError, match="division by zero"):
        Cascade("cope", s.team)(question=QUESTION)


def test_a_cancelled_question_cancels_its_requests(scripted):
    s = scripted(agreement, delay=30)

    async def scene() -> None:
        task = asyncio.ensure_future(Cascade("cope", s.team).acall(question=QUESTION))
        while s.small.running < 8:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert s.small.cancelled == 8 and s.small.running == 0
