"""What a compile is said to take, and what it takes."""

from itertools import count
from pathlib import Path

import pytest
from compile_scripts import World, compiled, fickle, rows

from cope.optimize import Budget
from cope.optimize.budget import Spending
from cope.optimize.estimate import estimate, per_question, validation


@pytest.mark.parametrize(
    ("optimizer", "preset", "calls"),
    [
        ("labeled-few-shot", "small", None),
        ("bootstrap-random-search", "small", None),
        ("copro", "small", 120),
        ("gepa", "small", 100),
    ],
)
def test_the_range_holds_what_is_then_used(optimizer: str, preset: str, calls: int | None, tmp_path: Path):
    """Of a model whose answers depend on every letter, so that each program that is tried is a new one."""
    numbers = count()
    world = World(fickle, proposal=lambda *_: f"Double the number, way {next(numbers)}.")
    splits = (rows(range(12)), rows(range(20, 28)))
    run = compiled(optimizer, preset, tmp_path, world, splits, budget=Budget(calls=calls) if calls else None)
    low, high = run.guess.low, run.guess.high
    assert low.calls <= run.asked - run.pilot <= high.calls <= 4 * low.calls
    if not run.guess.proposals:  # scripted ones are shorter than any that a model makes
        tokens = sum(call.prompt_tokens + call.completion_tokens for call in run.calls[run.pilot :])
        assert low.tokens <= tokens <= high.tokens
    assert low.usd is None and high.usd is None, "an unknown price is unknown, not 0"
    if calls:
        assert run.asked <= calls


def test_a_range_from_a_pilot():
    cheap, dear = Spending(1, 100, 0.01, 1.0), Spending(3, 300, 0.03, 3.0)
    guess = estimate([cheap, dear], questions=10, proposals=2, demos=0)
    assert (guess.low.calls, guess.high.calls) == (2 * 10 // 2 + 2, 3 * 10 + 2)
    assert guess.low.tokens == 2000 // 2 + 2 * 800 and guess.high.tokens == 3000 + 2 * 4000
    assert guess.low.usd == pytest.approx(0.26) and guess.high.usd == pytest.approx(1.1)
    assert estimate([cheap], 10, 0, demos=2).high.tokens == 3000


def test_a_question_with_an_unknown_price_has_none():
    usage = {"calls": 2, "prompt_tokens": 5, "completion_tokens": 6, "usd": None, "unpriced": 2, "cancelled": 0}
    (spent,) = per_question([[{**usage, "machine_seconds": 0.5}]])
    assert (spent.calls, spent.tokens, spent.usd) == (2, 11, None)


def test_what_is_kept_back_for_a_validation():
    """Half as much again as the first one took, or as the pilot's questions took where that is more."""
    pilot = [Spending(2, 20, None, 1.0)] * 4
    assert validation(10, Spending(40, 100, 0.0, 1.0), pilot) == Spending(60, 300, 0.0, 15.0)
    assert validation(10, Spending(), pilot).calls == 30
