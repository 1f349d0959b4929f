"""The benchmark of engines counts the tokens that are made, and the time of any clock."""

import asyncio
import itertools

import pytest
from support.benchmarks import load

from cope.models import ScriptedEngine, Team


def test_engine_counts_real_tokens_and_compares_both_ways(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = load("engine")
    asked: list[str] = []

    async def ask(question: str, tokens: int) -> int:
        asked.append(question)
        await asyncio.sleep(0.001)
        return tokens - 1

    class Args:
        levels, repeats, tokens = [1, 2], 2, 5

    way = engine.Way("small, scripted", ask, ask)
    rows, ratio = asyncio.run(engine.levels(way, Args))
    assert [row[1] for row in rows] == [1, 2, 1, 2]
    assert all(row[4] == row[3] / row[2] for row in rows)
    assert ratio.low == min(row[4] for row in rows)
    assert len({question.partition(".")[0] for question in asked}) == len(
        asked
    )  # no beginning is shared
    assert "in flight" in capsys.readouterr().err
    both = asyncio.run(engine.together(way, way, Args))
    assert both.low <= both.median <= both.high


def test_engine_counts_tokens_per_second_of_any_clock(capsys: pytest.CaptureFixture[str]) -> None:
    engine, ticks = load("engine"), itertools.count()

    async def ask(question: str, tokens: int) -> int:
        return tokens

    class Args:
        levels, repeats, tokens = [1, 4], 1, 5

    way = engine.Way("small, scripted", ask, ask, clock=lambda: next(ticks))
    rows, _ = asyncio.run(engine.levels(way, Args))
    assert [row[2:4] for row in rows] == [[5.0, 5.0], [20.0, 20.0]]


def test_engine_drives_a_tier_and_reports_what_its_engine_made() -> None:
    team = Team(
        small=(engine := ScriptedEngine(lambda messages, request: "one two three")),
        large=engine,
        cache=False,
    )
    made = asyncio.run(load("engine").through_us(team["small"])("What?", 9))
    assert made == 3
    assert (engine.requests[0].config.max_tokens, engine.requests[0].config.temperature) == (9, 0.0)
