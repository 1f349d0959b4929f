"""Many questions for the fewest calls: samples that a round may not need wait behind those it needs."""

import asyncio
import random
from contextlib import nullcontext
from typing import Any

import pytest
from support.sweeps import sweep

from cope import Cascade, Team, metered
from cope.models import ScriptedEngine
from cope.models.concurrency import favoring_throughput

QUESTIONS = [f"What is {number} plus {number}?" for number in range(30)]


def answers_and_calls(preset: str, spread: int, early_stop: str, throughput: bool) -> Any:
    """Return the answers to all questions, asked six at a time, and how many calls were made."""

    async def reply(messages: Any, request: Any) -> str:
        for _ in range(3):
            await asyncio.sleep(0)
        text = messages[-1]["content"]
        roll = random.Random(f"{text} {request.config.seed}")
        return f"Answer: {roll.randrange(spread)}"

    engine = ScriptedEngine(reply)
    team = Team(engine, engine, cache=False, limits={"small": 4, "large": 4})
    cascade = Cascade(preset, team, early_stop=early_stop)

    async def run() -> list[tuple[Any, int]]:
        places = asyncio.Semaphore(6)

        async def ask(question: str) -> tuple[Any, int]:
            async with places:
                given = await cascade.acall(question=question)
            return given.answer, given.round

        return await asyncio.gather(*map(ask, QUESTIONS))

    with metered() as meter, favoring_throughput() if throughput else nullcontext():
        answers = asyncio.run(run())
    return answers, len(meter.calls)


@sweep("spread", [1, 2, 6], every=3)
def test_throughput_gives_the_same_answers_for_fewer_calls(spread: int):
    preset, rule = "answer-cascade", "exact"
    as_usual, usual_calls = answers_and_calls(preset, spread, rule, throughput=False)
    answers, calls = answers_and_calls(preset, spread, rule, throughput=True)
    assert answers == as_usual
    assert calls < usual_calls if spread < 6 else calls <= usual_calls


@pytest.mark.slow
def test_all_samples_are_asked_where_nothing_stops_early():
    counts = [answers_and_calls("answer-cascade", 3, "none", way) for way in (False, True)]
    assert counts[0] == counts[1]
